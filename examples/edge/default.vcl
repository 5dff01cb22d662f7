# Varnish as a cache before Tailor in edge mode: /etc/varnish/default.vcl. TLS ends before it, as ever with Varnish.
#
# Varnish has no subrequests. So each request is put twice: first to Tailor's `decide`, past the cache, and then, started
# again under the URL that was asked for, to the cache, with the key that Tailor said.

vcl 4.1;

import std;

backend tailor {
    .host = "127.0.0.1";
    .port = "8080";
    .connect_timeout = 5s;
    .first_byte_timeout = 65s;  # Tailor waits up to 60 seconds for the site, and answers then
}

sub vcl_recv {
    if (req.restarts == 0) {
        # Tailor believes Varnish, so what visitors say of themselves goes no further. If a proxy that ends TLS, or a CDN,
        # is in front, take its own fields out of this list, and let nobody else reach Varnish.
        unset req.http.Tailor-Variant;
        unset req.http.Tailor-Asked;
        unset req.http.CF-Connecting-IP;
        unset req.http.CF-Connecting-IPv6;
        unset req.http.CF-IPCity;
        unset req.http.CF-IPContinent;
        unset req.http.CF-IPCountry;
        unset req.http.CF-IPLatitude;
        unset req.http.CF-IPLongitude;
        unset req.http.CF-Metro-Code;
        unset req.http.CF-Postal-Code;
        unset req.http.CF-Pseudo-IPv4;
        unset req.http.CF-Region;
        unset req.http.CF-Region-Code;
        unset req.http.CF-Timezone;
        unset req.http.Fastly-Client-IP;
        unset req.http.Forwarded;
        unset req.http.True-Client-IP;
        unset req.http.X-Akamai-Edgescape;
        unset req.http.X-Azure-ClientIP;
        unset req.http.X-Azure-SocketIP;
        unset req.http.X-Client-IP;
        unset req.http.X-Cluster-Client-IP;
        unset req.http.X-Forwarded;
        unset req.http.X-Forwarded-Host;
        unset req.http.X-Forwarded-Method;
        unset req.http.X-Forwarded-Port;
        unset req.http.X-Forwarded-Prefix;
        unset req.http.X-Forwarded-Proto;
        unset req.http.X-Forwarded-Scheme;
        unset req.http.X-Forwarded-Server;
        unset req.http.X-Forwarded-Ssl;
        unset req.http.X-Forwarded-Uri;
        unset req.http.X-Host;
        unset req.http.X-Original-Forwarded-For;
        unset req.http.X-Original-Host;
        unset req.http.X-Original-Proto;
        unset req.http.X-Original-URI;
        unset req.http.X-Original-URL;
        unset req.http.X-Real-IP;
        unset req.http.X-Rewrite-URL;
        unset req.http.X-Vercel-Forwarded-For;
        unset req.http.X-Vercel-Proxied-For;
        set req.http.X-Forwarded-For = client.ip;
        if (req.http.Upgrade ~ "(?i)websocket") {
            return (pipe);
        }
        # Nobody outside asks for keys.
        if (req.url ~ "^/_tailor/decide(/|$)") {
            return (synth(404));
        }
        if ((req.method != "GET" && req.method != "HEAD") || req.http.Content-Length || req.http.Transfer-Encoding) {
            return (pass);
        }
        if (req.url !~ "^/") {
            return (pass);
        }
        set req.http.Tailor-Asked = req.url;
        set req.url = "/_tailor/decide" + req.url;
        return (pass);
    }
    # Without a key nothing is kept, and nothing that is kept goes out: it is one visitor's own.
    if (!req.http.Tailor-Variant) {
        return (pass);
    }
    return (hash);
}

sub vcl_pipe {
    set bereq.http.Connection = req.http.Connection;
    set bereq.http.Upgrade = req.http.Upgrade;
}

sub vcl_hash {
    # Without the key in here, one visitor's page is everyone's. What Varnish adds by itself, URL and host, follows.
    hash_data(req.http.Tailor-Variant);
}

sub vcl_backend_fetch {
    unset bereq.http.Tailor-Asked;
}

sub vcl_backend_response {
    if (bereq.uncacheable) {
        return (deliver);
    }
    if (beresp.http.X-Accel-Expires && beresp.http.Tailor-Variant == bereq.http.Tailor-Variant) {
        set beresp.ttl = std.duration(beresp.http.X-Accel-Expires + "s", 0s);
        set beresp.grace = 0s;
        set beresp.keep = 0s;
        return (deliver);
    }
    if (bereq.http.Tailor-Variant != "plain") {
        # Not to be kept, this time. Others who come meanwhile are not made to wait.
        set beresp.uncacheable = true;
        set beresp.ttl = 1s;
        return (deliver);
    }
    # What the site says of what no rule touches, as Varnish reads it.
}

sub vcl_deliver {
    if (req.restarts == 0 && req.http.Tailor-Asked) {
        set req.url = req.http.Tailor-Asked;
        unset req.http.Tailor-Asked;
        if (resp.status == 204 && resp.http.Tailor-Variant) {
            set req.http.Tailor-Variant = resp.http.Tailor-Variant;
        }
        return (restart);
    }
    if (obj.hits > 0) {
        set resp.http.X-Cache = "HIT";
    } else {
        set resp.http.X-Cache = "MISS";
    }
    unset resp.http.Tailor-Variant;
    unset resp.http.X-Accel-Expires;
}

sub vcl_backend_error {
    # Tailor can't be reached: an error, and not for any other visitor.
    set beresp.ttl = 0s;
}
