"""What browsers, operating systems and makers are called in the `device.` signals, by all the names they go under.

Only data: where such a name is read is `proxy.visitor.device`'s. What is not here (programs, bots) has no browser.
"""

from __future__ import annotations

from collections.abc import Mapping

BROWSERS: Mapping[str, tuple[str, ...]] = {
    "Chrome": ("Chrome", "Chrome Mobile", "Chrome Mobile iOS", "Chrome Mobile WebView", "Chromium", "HeadlessChrome"),
    "Safari": ("Safari", "Mobile Safari", "Mobile Safari UI/WKWebView"),
    "Firefox": ("Firefox", "Firefox Mobile", "Firefox iOS", "Firefox Focus", "Firefox Alpha", "Firefox Beta"),
    "Edge": ("Edge", "Edge Mobile"),
    "Internet Explorer": ("IE", "IE Mobile", "IE Large Screen"),
    "Opera": (
        *(
            "Opera",
            "Opera Mobile",
            "Opera Mini",
            "Opera Tablet",
            "Opera Coast",
            "Opera GX",
            "Opera Touch",
            "Opera Neon",
        ),
    ),
    "Samsung Internet": ("Samsung Internet",),
    "Amazon Silk": ("Amazon Silk",),
    "Brave": ("Brave",),
    "DuckDuckGo": ("DuckDuckGo", "DuckDuckGo Mobile"),
    "Ecosia": ("Ecosia Android", "Ecosia iOS"),
    "Vivaldi": ("Vivaldi",),
    "Yandex Browser": ("Yandex Browser",),
    "UC Browser": ("UC Browser",),
    "QQ Browser": ("QQ Browser", "QQ Browser Mobile", "QQ Browser Mini"),
    "MIUI Browser": ("MiuiBrowser",),
    "Huawei Browser": ("Huawei Browser",),
    "HeyTap Browser": ("HeyTap Browser",),
    "Vivo Browser": ("VivoBrowser",),
    "Whale": ("Whale",),
    "Coc Coc": ("Coc Coc",),
    "Sogou Explorer": ("Sogou Explorer",),
    "Maxthon": ("Maxthon",),
    "Konqueror": ("Konqueror",),
    "Android Browser": ("Android",),
    "HbbTV": ("HbbTV",),
    # The browsers inside of apps.
    "Facebook": ("Facebook", "Facebook Messenger"),
    "Instagram": ("Instagram",),
    "LinkedIn": ("LinkedIn App", "LinkedIn"),
    "Pinterest": ("Pinterest",),
    "Snapchat": ("Snapchat",),
    "TikTok": ("TikTok", "BytedanceWebview"),
    "WeChat": ("WeChat", "WeChat Browser"),
    "Google": ("Google", "GoogleApp"),
    "X": ("Twitter",),
    "LINE": ("LINE",),
    "KakaoTalk": ("KakaoTalk",),
    "Telegram": ("Telegram",),
}
"""Names of `device.browser`, each with ua-parser's families."""

OPERATING_SYSTEMS: Mapping[str, tuple[str, ...]] = {
    "macOS": ("Mac OS X", "Mac OS"),
    "ChromeOS": ("Chrome OS",),
    "webOS": ("Web0S", "webOS"),
    "tvOS": ("ATV OS X", "tvOS"),
    "Chromecast": ("Chromecast", "Chromecast Android", "Chromecast Fuchsia", "Chromecast Linux"),
    "Linux": ("Ubuntu", "Debian", "Fedora", "Red Hat", "CentOS", "SUSE", "Gentoo", "Mageia", "Arch Linux"),
    "": ("Other", "Philips", "Samsung"),  # not known, or a maker
}
"""Names of `device.os` that are not ua-parser's own, each with ua-parser's families."""

HINTED_BROWSERS: Mapping[str, str] = {
    "Brave": "Brave",
    "Microsoft Edge": "Edge",
    "Opera": "Opera",
    "Opera GX": "Opera",
    "OperaMobile": "Opera",
    "Samsung Internet": "Samsung Internet",
    "Vivaldi": "Vivaldi",
    "DuckDuckGo": "DuckDuckGo",
    "Yandex": "Yandex Browser",
    "YaBrowser": "Yandex Browser",
    "Whale": "Whale",
    "CocCoc": "Coc Coc",
}
"""Brands of `Sec-CH-UA` that are told from it alone, or better. Chrome's is not: many a browser claims it too."""

HINTED_SYSTEMS: Mapping[str, str] = {
    "Android": "Android",
    "Chrome OS": "ChromeOS",
    "Chromium OS": "ChromeOS",
    "iOS": "iOS",
    "Linux": "Linux",
    "macOS": "macOS",
    "Windows": "Windows",
}
"""Values of `Sec-CH-UA-Platform`."""

MAKERS: Mapping[str, str] = {
    "Alcatel": r"Alcatel",
    "Amazon": r"KF[A-Z]{2,6}\b|AFT[A-Z]",
    "Fairphone": r"FP[3-6]\b",
    "Google": r"Pixel",
    "Honor": r"HONOR",
    "Huawei": r"MediaPad|MatePad",
    "Lenovo": r"Lenovo|TB[-\d]",
    "LG": r"LM-[A-Z]\d",
    "Motorola": r"moto|XT\d{4}",
    "Nothing": r"A(?:063|065|142)\b",
    "Nvidia": r"SHIELD",
    "Realme": r"RMX\d{4}",
    "Samsung": r"SM-[A-Z]\d|GT-[NP]\d",
    "Sony": r"XQ-[A-Z]{2}\d|BRAVIA",
    "Vivo": r"V\d{4}[A-Z]?\b",
    "Xiaomi": r"Redmi|POCO|Xiaomi|MIBOX|M20\d\d[A-Z]\d|2[0-9]\d{3}[0-9A-Z]{3,6}\b",
}
"""Names of `device.brand`, each with how models of Android begin that ua-parser does not know, or gives to another."""

BRAND_SPELLINGS: Mapping[str, str] = {"XiaoMi": "Xiaomi", "vivo": "Vivo"}
"""Names of `device.brand`, by ua-parser's where they differ."""
