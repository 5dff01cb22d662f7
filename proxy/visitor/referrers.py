"""Who sends visitors: search engines, social networks, mail, chatbots and advertisers, as one table.

Only data: how a visit's source is told from it stands in `proxy.visitor.source`. To add a sender, add a line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Medium(StrEnum):
    """What `source.medium` can be."""

    SEARCH = "search"
    SOCIAL = "social"
    EMAIL = "email"
    PAID = "paid"
    REFERRAL = "referral"
    CHATBOT = "chatbot"
    DIRECT = "direct"


@dataclass(frozen=True, slots=True)
class Sender:
    """A known sender: `name` is what `source.name` becomes.

    `hosts` match themselves and what lies below them; `google.*` stands for every country's Google. Names of Android
    apps stand among the hosts, since apps send `android-app://name/`. `aliases` are what else campaigns call it.
    """

    name: str
    medium: Medium
    hosts: tuple[str, ...]
    aliases: tuple[str, ...] = ()


def _senders(medium: Medium, *rows: str) -> tuple[Sender, ...]:
    """Each row is `name: host host … | alias alias …`."""
    senders = []
    for row in rows:
        name, _, rest = row.partition(": ")
        hosts, _, aliases = rest.partition(" | ")
        senders.append(Sender(name, medium, tuple(hosts.split()), tuple(aliases.split())))
    return tuple(senders)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SENDERS: tuple[Sender, ...] = (
    *_senders(
        Medium.SEARCH,
        "google: google.* com.google.android.googlequicksearchbox | adwords google-ads googleads",
        "bing: bing.com | bingads microsoft-ads",
        "yahoo: search.yahoo.com search.yahoo.co.jp yahoo.com | yahoo-search",
        "duckduckgo: duckduckgo.com com.duckduckgo.mobile.android | ddg",
        "yandex: yandex.* ya.ru",
        "baidu: baidu.com",
        "ecosia: ecosia.org",
        "brave: search.brave.com",
        "startpage: startpage.com",
        "qwant: qwant.com",
        "naver: naver.com search.naver.com",
        "daum: daum.net",
        "seznam: seznam.cz",
        "kagi: kagi.com",
        "mojeek: mojeek.com",
        "swisscows: swisscows.com",
        "aol: aol.com search.aol.com",
        "ask: ask.com",
        "sogou: sogou.com",
        "360: so.com",
        "kvasir: kvasir.no",
    ),
    *_senders(
        Medium.SOCIAL,
        "facebook: facebook.com fb.com fb.me messenger.com com.facebook.katana com.facebook.orca | fb meta messenger",
        "instagram: instagram.com com.instagram.android | ig insta",
        "linkedin: linkedin.com lnkd.in com.linkedin.android | li",
        "x: x.com twitter.com t.co com.twitter.android | twitter",
        "tiktok: tiktok.com com.zhiliaoapp.musically",
        "pinterest: pinterest.* pin.it com.pinterest",
        "reddit: reddit.com redd.it com.reddit.frontpage",
        "youtube: youtube.com youtu.be com.google.android.youtube | yt",
        "snapchat: snapchat.com com.snapchat.android",
        "threads: threads.net threads.com",
        "bluesky: bsky.app go.bsky.app | bsky",
        "mastodon: mastodon.social mstdn.social org.joinmastodon.android",
        "whatsapp: whatsapp.com wa.me com.whatsapp",
        "telegram: telegram.org telegram.me t.me org.telegram.messenger web.telegram.org",
        "discord: discord.com discord.gg",
        "slack: slack.com com.slack",
        "vk: vk.com vk.ru",
        "weibo: weibo.com weibo.cn t.cn",
        "xing: xing.com",
        "tumblr: tumblr.com",
        "quora: quora.com",
        "medium: medium.com",
        "hackernews: news.ycombinator.com",
        "vimeo: vimeo.com",
        "twitch: twitch.tv",
        "nextdoor: nextdoor.com",
        "line: line.me",
    ),
    *_senders(
        Medium.EMAIL,
        "gmail: mail.google.com com.google.android.gm",
        "outlook: outlook.live.com outlook.office.com outlook.office365.com outlook.com com.microsoft.office.outlook",
        "yahoo-mail: mail.yahoo.com",
        "proton-mail: mail.proton.me mail.protonmail.com",
        "icloud-mail: icloud.com",
        "gmx: gmx.net gmx.com gmx.at gmx.ch",
        "web.de: web.de",
        "zoho-mail: mail.zoho.com mail.zoho.eu",
        "fastmail: fastmail.com",
        "mail.ru: e.mail.ru",
        "mailchimp: list-manage.com mailchi.mp",
        "hubspot: hs-email.click",
        "klaviyo: klclick.com klclick1.com trk.klclick.com",
        "substack: substack.com",
    ),
    *_senders(
        Medium.CHATBOT,
        "chatgpt: chatgpt.com chat.openai.com openai.com com.openai.chatgpt | openai chat-gpt",
        "perplexity: perplexity.ai ai.perplexity.app.android",
        "claude: claude.ai com.anthropic.claude | anthropic",
        "gemini: gemini.google.com bard.google.com com.google.android.apps.bard | bard",
        "copilot: copilot.microsoft.com copilot.cloud.microsoft com.microsoft.copilot | bing-chat",
        "you.com: you.com",
        "grok: grok.com x.ai",
        "deepseek: deepseek.com chat.deepseek.com",
        "mistral: chat.mistral.ai mistral.ai | le-chat",
        "meta-ai: meta.ai",
        "phind: phind.com",
        "poe: poe.com",
        "huggingchat: huggingface.co",
        "kimi: kimi.com kimi.moonshot.cn",
        "qwen: chat.qwen.ai",
        "character.ai: character.ai",
        "pi: pi.ai",
        "duck.ai: duck.ai",
    ),
)  # fmt: skip

NOT_SEARCH: frozenset[str] = _words(
    "docs.google.com drive.google.com sites.google.com classroom.google.com calendar.google.com meet.google.com "
    "translate.google.com accounts.google.com tagassistant.google.com maps.google.com "
    "disk.yandex.ru maps.yandex.ru translate.yandex.ru finance.yahoo.com news.yahoo.com"
)
"""Hosts below a search engine's that are no search: plain referrals."""

CLICK_IDS: Mapping[str, tuple[str, Medium]] = {
    "gclid": ("google", Medium.PAID),
    "gbraid": ("google", Medium.PAID),
    "wbraid": ("google", Medium.PAID),
    "dclid": ("google", Medium.PAID),
    "gad_source": ("google", Medium.PAID),
    "msclkid": ("bing", Medium.PAID),
    "yclid": ("yandex", Medium.PAID),
    "ttclid": ("tiktok", Medium.PAID),
    "twclid": ("x", Medium.PAID),
    "li_fat_id": ("linkedin", Medium.PAID),
    "rdt_cid": ("reddit", Medium.PAID),
    "sccid": ("snapchat", Medium.PAID),
    "epik": ("pinterest", Medium.PAID),
    # Facebook and Instagram add these to everyone's links, not only to advertisements.
    "fbclid": ("facebook", Medium.SOCIAL),
    "igshid": ("instagram", Medium.SOCIAL),
    "igsh": ("instagram", Medium.SOCIAL),
    # Google adds this to free listings of products.
    "srsltid": ("google", Medium.SEARCH),
    "mc_cid": ("mailchimp", Medium.EMAIL),
    "mc_eid": ("mailchimp", Medium.EMAIL),
    "_hsenc": ("hubspot", Medium.EMAIL),
    "_hsmi": ("hubspot", Medium.EMAIL),
    "mkt_tok": ("marketo", Medium.EMAIL),
    "_kx": ("klaviyo", Medium.EMAIL),
    "vero_id": ("vero", Medium.EMAIL),
}
"""Parameters that a sender adds to its links, in lower case; of several in one URL the first of this table counts."""

MEDIUM_SPELLINGS: Mapping[Medium, frozenset[str]] = {
    Medium.SEARCH: _words("search organic organicsearch seo serp naturalsearch"),
    Medium.SOCIAL: _words(
        "social socialmedia socialnetwork organicsocial socialorganic sm smm socialpost post story bio"
    ),
    Medium.EMAIL: _words(
        "email mail newsletter emailnewsletter nl edm mailing crm emailmarketing emailcampaign mailer drip"
    ),
    Medium.PAID: _words(
        "paid cpc ppc cpm cpv cpa cpl sem sea ad ads adwords display banner retargeting remarketing "
        "programmatic native video paidsearch paidsocial socialpaid paidmedia paidads socialads socialad searchads "
        "displayads cpcsocial shopping pmax performancemax sponsored promoted"
    ),
    Medium.REFERRAL: _words("referral referrer partner affiliate affiliates link pr blog influencer"),
    Medium.CHATBOT: _words("chatbot ai aichat llm aiassistant assistant aisearch genai"),
    Medium.DIRECT: _words("direct none (none)"),
}
"""How `utm_medium` is spelled, in lower case, without `-`, `_`, space, `.` and `+`."""
