/** Anybody has an address there, so such a domain says nothing about an agent's owner. */
const ANYBODYS_DOMAINS = new Set([
  ...[
    "gmail.com",
    "googlemail.com",
    "outlook.com",
    "hotmail.com",
    "live.com",
    "msn.com",
    "yahoo.com",
    "ymail.com",
  ],
  ...[
    "icloud.com",
    "me.com",
    "mac.com",
    "privaterelay.appleid.com",
    "aol.com",
    "gmx.com",
    "gmx.net",
    "gmx.de",
    "web.de",
  ],
  ...[
    "mail.com",
    "proton.me",
    "protonmail.com",
    "pm.me",
    "tutanota.com",
    "tuta.com",
    "zoho.com",
    "fastmail.com",
  ],
  ...[
    "hey.com",
    "duck.com",
    "yandex.com",
    "yandex.ru",
    "mail.ru",
    "qq.com",
    "163.com",
    "126.com",
    "naver.com",
  ],
  ...[
    "daum.net",
    "rediffmail.com",
    "free.fr",
    "orange.fr",
    "laposte.net",
    "libero.it",
    "t-online.de",
    "seznam.cz",
  ],
  ...[
    "yahoo.co.jp",
    "docomo.ne.jp",
    "ezweb.ne.jp",
    "au.com",
    "softbank.ne.jp",
    "nifty.com",
    "mailinator.com",
  ],
  ...["yopmail.com", "simplelogin.com", "mozmail.com", "comcast.net", "verizon.net", "att.net"],
]);
/** The same under any ending, such as `yahoo.fr`. */
const ANYBODYS_NAMES = /^(yahoo|hotmail|live|outlook|gmx|yandex|aol)\.[a-z.]{2,6}$/;

/** What a person's decision may rely on about who looks after an agent. */
export interface AgentOwner {
  /** The host that serves an OAuth client's metadata, which nobody else can. */
  clientHost: string | null;
  owner: { provenAddress: { email: string } | null } | null;
}

/** What `ownerDomainOf` reads of an agent, besides `clientHost`. */
export const OWNER = { select: { provenAddress: { select: { email: true } } } } as const;

/**
 * Returns the domain that vouches for an agent: the host that serves its client's metadata, or the one in which its owner has proven
 * an address. Null if there is neither, or if anybody can have an address there.
 */
export function ownerDomainOf({ clientHost, owner }: AgentOwner): string | null {
  if (clientHost !== null) return clientHost;
  const domain = owner?.provenAddress?.email.split("@").at(-1)?.toLowerCase();
  if (domain === undefined || ANYBODYS_DOMAINS.has(domain) || ANYBODYS_NAMES.test(domain)) return null;
  return domain;
}
