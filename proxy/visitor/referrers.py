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
        "google: google.* com.google.android.googlequicksearchbox com.google.android.apps.searchlite "
        "| adwords google-ads googleads",
        "bing: bing.com com.microsoft.bing | bingads microsoft-ads",
        "yahoo: yahoo.com search.yahoo.com search.yahoo.co.jp yahoo.co.jp | yahoo-search",
        "duckduckgo: duckduckgo.com com.duckduckgo.mobile.android | ddg",
        "yandex: yandex.* ya.ru ru.yandex.searchplugin",
        "baidu: baidu.com com.baidu.searchbox",
        "ecosia: ecosia.org com.ecosia.android",
        "brave: search.brave.com",
        "startpage: startpage.com",
        "qwant: qwant.com",
        "naver: naver.com com.nhn.android.search",
        "daum: daum.net net.daum.android.daum",
        "seznam: seznam.cz",
        "kagi: kagi.com",
        "mojeek: mojeek.com mojeek.co.uk",
        "swisscows: swisscows.com",
        "metager: metager.org metager.de",
        "aol: aol.com aol.de aol.co.uk",
        "ask: ask.com",
        "sogou: sogou.com",
        "360: so.com",
        "shenma: sm.cn",
        "petal: petalsearch.com",
        "presearch: presearch.com presearch.org",
        "lilo: lilo.org",
        "dogpile: dogpile.com",
        "coccoc: coccoc.com",
        "mail.ru-search: go.mail.ru",
        "rambler: nova.rambler.ru",
        "gmx-search: suche.gmx.net search.gmx.com",
        "web.de-search: suche.web.de",
        "t-online-search: suche.t-online.de",
        "kvasir: kvasir.no",
        "marginalia: marginalia-search.com search.marginalia.nu",
        "yep: yep.com",
    ),
    *_senders(
        Medium.SOCIAL,
        "facebook: facebook.com fb.com fb.me messenger.com com.facebook.katana com.facebook.orca com.facebook.lite "
        "| fb meta messenger msg",
        "instagram: instagram.com com.instagram.android com.instagram.lite | ig insta",
        "linkedin: linkedin.com lnkd.in com.linkedin.android | li",
        "x: x.com twitter.com t.co com.twitter.android | twitter",
        "tiktok: tiktok.com com.zhiliaoapp.musically com.ss.android.ugc.trill",
        "pinterest: pinterest.* pin.it com.pinterest",
        "reddit: reddit.com redd.it com.reddit.frontpage",
        "youtube: youtube.com youtu.be com.google.android.youtube | yt",
        "snapchat: snapchat.com com.snapchat.android",
        "threads: threads.net threads.com com.instagram.barcelona",
        "bluesky: bsky.app xyz.blueskyweb.app | bsky",
        "mastodon: mastodon.* mastodon.social mastodon.online mastodon.world mastodon.art mastodon.gamedev.place "
        "mstdn.social mstdn.jp pawoo.net mas.to fosstodon.org hachyderm.io infosec.exchange chaos.social troet.cafe "
        "norden.social snabelen.no techhub.social universeodon.com toot.community mathstodon.xyz ioc.exchange "
        "mastodonapp.uk sfba.social aus.social piaille.fr mamot.fr social.vivaldi.net org.joinmastodon.android "
        "com.keylesspalace.tusky",
        "lemmy: lemmy.world lemmy.ml feddit.org feddit.de",
        "whatsapp: whatsapp.com wa.me com.whatsapp com.whatsapp.w4b",
        "telegram: telegram.org telegram.me t.me org.telegram.messenger org.telegram.messenger.web",
        "discord: discord.com discord.gg com.discord",
        "slack: slack.com com.slack",
        "teams: teams.microsoft.com teams.live.com statics.teams.cdn.office.net com.microsoft.teams",
        "signal: signal.org org.thoughtcrime.securesms",
        "vk: vk.com vk.ru m.vkontakte.ru com.vkontakte.android",
        "odnoklassniki: ok.ru odnoklassniki.ru",
        "dzen: dzen.ru zen.yandex.ru",
        "weibo: weibo.com weibo.cn t.cn",
        "wechat: weixin.qq.com com.tencent.mm | weixin",
        "qzone: qzone.qq.com",
        "douyin: douyin.com",
        "xiaohongshu: xiaohongshu.com xhslink.com | rednote",
        "zhihu: zhihu.com",
        "bilibili: bilibili.com b23.tv",
        "tieba: tieba.baidu.com",
        "kakao: kakao.com com.kakao.talk | kakaotalk",
        "line: line.me jp.naver.line.android",
        "naver-blog: blog.naver.com cafe.naver.com",
        "xing: xing.com com.xing.android",
        "tumblr: tumblr.com com.tumblr",
        "quora: quora.com com.quora.android",
        "medium: medium.com",
        "hackernews: news.ycombinator.com",
        "lobsters: lobste.rs",
        "stackoverflow: stackoverflow.com stackexchange.com",
        "flickr: flickr.com",
        "flipboard: flipboard.com flipboard.app",
        "vimeo: vimeo.com",
        "twitch: twitch.tv tv.twitch.android.app",
        "nextdoor: nextdoor.com nextdoor.co.uk nextdoor.de",
        "truth-social: truthsocial.com",
        "livejournal: livejournal.com",
        "mixi: mixi.jp",
        "hatena: b.hatena.ne.jp",
    ),
    *_senders(
        Medium.EMAIL,
        "gmail: mail.google.com com.google.android.gm",
        "outlook: outlook.live.com outlook.office.com outlook.office365.com outlook.com outlook.cloud.microsoft "
        "com.microsoft.office.outlook | hotmail",
        "yahoo-mail: mail.yahoo.com mail.yahoo.co.jp com.yahoo.mobile.client.android.mail",
        "aol-mail: mail.aol.com",
        "proton-mail: mail.proton.me mail.protonmail.com ch.protonmail.android | protonmail",
        "tuta: mail.tutanota.com app.tuta.com",
        "icloud-mail: icloud.com",
        "gmx: gmx.net gmx.com gmx.at gmx.ch deref-gmx.net deref-gmx.com com.gmx.mobile.android.mail",
        "web.de: web.de deref-web.de de.web.mobile.android.mail",
        "mail.com: mail.com deref-mail.com",
        "t-online-mail: email.t-online.de",
        "freenet-mail: email.freenet.de webmail.freenet.de",
        "mailbox.org: mailbox.org",
        "posteo: posteo.de",
        "zoho-mail: mail.zoho.com mail.zoho.eu mail.zoho.in",
        "fastmail: fastmail.com",
        "hey: app.hey.com",
        "superhuman: mail.superhuman.com",
        "yandex-mail: mail.yandex.ru mail.yandex.com mail.yandex.by mail.yandex.kz ru.yandex.mail",
        "mail.ru: e.mail.ru ru.mail.mailapp",
        "rambler-mail: mail.rambler.ru",
        "ukr.net: mail.ukr.net",
        "seznam-mail: email.seznam.cz",
        "wp.pl: poczta.wp.pl poczta.o2.pl",
        "onet: poczta.onet.pl",
        "interia: poczta.interia.pl",
        "freemail.hu: freemail.hu",
        "orange-mail: mail.orange.fr messagerie.orange.fr",
        "sfr-mail: webmail.sfr.fr messagerie.sfr.fr",
        "free-mail: zimbra.free.fr webmail.free.fr",
        "laposte: webmail.laposte.net",
        "libero: mail.libero.it mail1.libero.it",
        "virgilio: mail.virgilio.it",
        "bluewin: webmail.bluewin.ch",
        "telenet: webmail.telenet.be",
        "ziggo: webmail.ziggo.nl",
        "xfinity: connect.xfinity.com",
        "qq-mail: mail.qq.com",
        "netease-mail: mail.163.com mail.126.com",
        "naver-mail: mail.naver.com",
        "daum-mail: mail.daum.net",
        "mailchimp: list-manage.com mailchi.mp",
        "hubspot: hs-email.click",
        "klaviyo: klclick.com klclick1.com",
        "sendgrid: ct.sendgrid.net",
        "campaign-monitor: createsend.com cmail19.com cmail20.com",
        "substack: substack.com",
        "beehiiv: beehiiv.com",
    ),
    *_senders(
        Medium.CHATBOT,
        "chatgpt: chatgpt.com openai.com com.openai.chatgpt | openai chat-gpt",
        "perplexity: perplexity.ai ai.perplexity.app.android",
        "claude: claude.ai claude.com com.anthropic.claude | anthropic",
        "gemini: gemini.google.com bard.google.com com.google.android.apps.bard | bard",
        "notebooklm: notebooklm.google.com notebooklm.google",
        "copilot: copilot.microsoft.com copilot.com copilot.cloud.microsoft m365.cloud.microsoft edgeservices.bing.com "
        "com.microsoft.copilot | bing-chat",
        "you.com: you.com",
        "grok: grok.com x.ai ai.x.grok",
        "deepseek: deepseek.com com.deepseek.chat",
        "mistral: mistral.ai ai.mistral.chat | le-chat lechat",
        "meta-ai: meta.ai",
        "phind: phind.com",
        "poe: poe.com com.poe.android",
        "doubao: doubao.com com.larus.nova",
        "kimi: kimi.com kimi.ai kimi.moonshot.cn",
        "qwen: qwen.ai qianwen.com tongyi.com tongyi.aliyun.com | tongyi",
        "ernie: yiyan.baidu.com chat.baidu.com",
        "yuanbao: yuanbao.tencent.com",
        "chatglm: chatglm.cn z.ai",
        "genspark: genspark.ai",
        "manus: manus.im",
        "felo: felo.ai",
        "iask: iask.ai",
        "liner: liner.com getliner.com",
        "lumo: lumo.proton.me",
        "lmarena: lmarena.ai",
        "character.ai: character.ai",
        "pi: pi.ai",
        "duck.ai: duck.ai",
    ),
    *_senders(
        Medium.PAID,
        "doubleclick: doubleclick.net googlesyndication.com googleadservices.com",
        "yandex-direct: yabs.yandex.ru an.yandex.ru",
        "taboola: taboola.com",
        "outbrain: outbrain.com",
        "criteo: criteo.com",
    ),
)  # fmt: skip

NOT_SEARCH: frozenset[str] = _words(
    "accounts.google.com ads.google.com analytics.google.com business.google.com calendar.google.com chat.google.com "
    "classroom.google.com cloud.google.com developers.google.com docs.google.com drive.google.com groups.google.com "
    "keep.google.com maps.google.com meet.google.com news.google.com photos.google.com play.google.com "
    "sites.google.com support.google.com tagassistant.google.com tagmanager.google.com translate.google.com "
    "disk.yandex.ru maps.yandex.ru market.yandex.ru news.yandex.ru translate.yandex.ru "
    "finance.yahoo.com news.yahoo.com sports.yahoo.com news.yahoo.co.jp pan.baidu.com news.naver.com shopping.naver.com"
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
    "qclid": ("quora", Medium.PAID),
    "tblci": ("taboola", Medium.PAID),
    "dicbo": ("outbrain", Medium.PAID),
    # Networks of partners add these.
    "awc": ("awin", Medium.REFERRAL),
    "cjevent": ("cj", Medium.REFERRAL),
    "irclickid": ("impact", Medium.REFERRAL),
    "mc_cid": ("mailchimp", Medium.EMAIL),
    "mc_eid": ("mailchimp", Medium.EMAIL),
    "_hsenc": ("hubspot", Medium.EMAIL),
    "_hsmi": ("hubspot", Medium.EMAIL),
    "mkt_tok": ("marketo", Medium.EMAIL),
    "_kx": ("klaviyo", Medium.EMAIL),
    "vero_id": ("vero", Medium.EMAIL),
    "ck_subscriber_id": ("kit", Medium.EMAIL),
    "ml_subscriber": ("mailerlite", Medium.EMAIL),
    "elqtrackid": ("eloqua", Medium.EMAIL),
    "sfmc_sub": ("salesforce", Medium.EMAIL),
    "_bhlid": ("beehiiv", Medium.EMAIL),
    # Facebook and Instagram add these to everyone's links, not only to advertisements: only `utm_medium` tells.
    "fbclid": ("facebook", Medium.SOCIAL),
    "igshid": ("instagram", Medium.SOCIAL),
    "igsh": ("instagram", Medium.SOCIAL),
    # Google adds the first to free listings of products, Yandex the second to what it found.
    "srsltid": ("google", Medium.SEARCH),
    "ysclid": ("yandex", Medium.SEARCH),
}
"""Parameters that a sender adds to its links, in lower case; of several in one URL the first of this table counts."""

MEDIUM_SPELLINGS: Mapping[Medium, frozenset[str]] = {
    Medium.PAID: _words(
        "paid cpc ppc cpm cpv cpa cpl cpe cpi cpcv ppv sem sea ad ads advert advertising adwords googleads facebookads "
        "fbads linkedinads bingads display banner banners retargeting remarketing prospecting programmatic native "
        "interstitial paidsearch paidsocial socialpaid paidmedia paidads paidvideo paidshopping socialads socialad "
        "searchads searchad displayads displayad videoads videoad cpcsocial pmax performancemax demandgen gdn dv360 "
        "sponsored sponsor promoted boosted"
    ),
    Medium.EMAIL: _words(
        "email mail newsletter newsletters emailnewsletter nl edm mailing mailings crm emailmarketing emailcampaign "
        "emails mailer drip"
    ),
    Medium.CHATBOT: _words("chatbot ai aichat llm aiassistant assistant aisearch genai"),
    Medium.SOCIAL: _words(
        "social socialmedia socialnetwork organicsocial socialorganic sm smm socialpost post story stories reel bio"
    ),
    Medium.SEARCH: _words("search organic organicsearch seo serp naturalsearch"),
    Medium.REFERRAL: _words("partner partners affiliate affiliates pr blog influencer"),
    Medium.DIRECT: _words("direct"),
}
"""How `utm_medium` is spelled, in lower case, without `-`, `_`, space, `.` and `+`.

Of several words the medium that stands first here counts. What says little (`referral`, `video`, `qr`, `sms`) is not
among them: the sender's medium stays, and one that nobody knows is a referral.
"""
