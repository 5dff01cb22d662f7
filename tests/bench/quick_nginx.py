"""nginx, three times over: the origin of everybody, the cache by segment that people build by hand, and sub_filter."""

from __future__ import annotations

import os
from pathlib import Path

from tests.bench.quick_pages import SEGMENTS

_HEAD = """
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log error;
{user}
events {{ worker_connections 4096; }}
http {{
    access_log off;
    sendfile on;
    server_tokens off;
    keepalive_requests 100000000;
    default_type text/html;
    charset utf-8;
    client_body_temp_path {folder}/client;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
"""

_ORIGIN = """
    open_file_cache max=100;
    server {{
        listen 127.0.0.1:{port} backlog=2048;
        location = /hit {{ alias {site}/page.html; add_header Cache-Control "max-age=3600"; }}
        location = /one {{ alias {site}/page.html; add_header Cache-Control "max-age=3600"; }}
        location = /same {{ alias {site}/page.html; add_header Cache-Control private; }}
        location = /new {{
            alias {site}/page.html;
            add_header Cache-Control private;
            sub_filter '<p>The end</p>' '<p>The end $request_id</p>';
        }}
        location = /asset {{
            alias {site}/asset.bin;
            default_type application/octet-stream;
            add_header Cache-Control no-store;
        }}
        location /variants/ {{
            root {site};
            add_header Cache-Control "max-age=3600";
            gzip on;
            gzip_comp_level 6;
        }}
    }}
}}
"""

# The buffers hold the whole page: with the default ones nginx writes the end of it to a file. No tcp_nopush: with it a
# page that does not fit into the socket at once waits 40 ms for an acknowledgement. And sub_filter_once stays on, so
# that nginx looks no further once it found a place, as a site's operator would have it.
_PEER = """
    proxy_cache_path {folder}/cache keys_zone=pages:10m inactive=1h;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_buffers 16 16k;
    proxy_max_temp_file_size 0;
    upstream origin {{ server 127.0.0.1:{origin}; keepalive 128; keepalive_requests 100000000; }}
    map $cookie_segment $segment {{ default none; {segments} }}
    map $http_user_agent $device {{ default desktop; ~iPhone mobile; }}
    map $http_accept_encoding $coding {{ default ""; ~gzip gzip; }}
    server {{
        listen 127.0.0.1:{port} backlog=2048;
        location = /keyed {{
            proxy_pass http://origin/variants/$segment-$device.html;
            proxy_set_header Connection "";
            proxy_set_header Accept-Encoding $coding;
            proxy_cache pages;
            proxy_cache_key "$uri|$segment|$device|$coding";
        }}
        location = /asset {{ proxy_pass http://origin/asset; }}
        location /sub/ {{
            sub_filter '<img src="/hero.jpg" alt="">' '<img src="/img/oslo.jpg" alt="Out with oslo">';
            sub_filter '<h1>Out in all weathers</h1>' '<h1>Rain gear for $cookie_company</h1>';
            sub_filter '<a class="cta" href="/shop">See what is new</a>' '<a class="cta" href="/oslo">All of oslo</a>';
            sub_filter '<main>' '<p class="banner">Sent today: oslo</p><main>';
            sub_filter '<body class="home">' '<body class="home oslo">';
            location = /sub/hit {{ proxy_pass http://origin/hit; }}
            location = /sub/same {{ proxy_pass http://origin/same; }}
            location = /sub/new {{ proxy_pass http://origin/new; }}
        }}
    }}
}}
"""


def origin_configuration(folder: Path, site: Path, port: int) -> str:
    """The site: a page that may be cached, two that may not, an asset; and the pages by segment, ready made."""
    return _head(folder) + _ORIGIN.format(site=site, port=port)


def peer_configuration(folder: Path, port: int, origin: int) -> str:
    """What Tailor is measured against, on paths of its own."""
    segments = " ".join(f"{segment} {segment};" for segment in SEGMENTS)
    return _head(folder) + _PEER.format(folder=folder, port=port, origin=origin, segments=segments)


def _head(folder: Path) -> str:
    # Workers of root's become nobody, who may not look into a temporary folder.
    return _HEAD.format(folder=folder, user="user root;" if os.geteuid() == 0 else "")
