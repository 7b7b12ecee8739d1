import { anyOf, GAP } from "./labels.ts";

/** Words that say that a phone number follows. */
const CLEAR_LABELS = anyOf([
  ...[
    "tel",
    "t[eé]l",
    "tele?phone?",
    "phone",
    "ph#?",
    "mobile?",
    "mob",
    "cell",
    "cellphone",
    "handphone",
    "hp",
    "hp saya",
    "fax",
    "whatsapp",
    "sms",
  ],
  ...[
    "telefon",
    "telefono",
    "teléfono",
    "telefone",
    "telefoon",
    "телефон",
    "handy",
    "natel",
    "gsm",
    "mobil",
    "móvil",
  ],
  ...[
    "tlf",
    "tlm",
    "tfno",
    "cel",
    "celular",
    "cellulare",
    "telem[oó]vel",
    "zap",
    "komórka",
    "моб",
    "sđt",
    "điện thoại",
  ],
  ...[
    "電話(?:番号)?",
    "でんわ",
    "携帯(?:電話)?(?:番号)?",
    "連絡先",
    "☎",
    "📞",
    "ケータイ",
    "スマホ",
    "手机号?码?",
    "手機號?碼?",
    "电话号?码?",
    "微信",
    "同号",
  ],
  ...["전화", "휴대폰", "핸드폰", "الهاتف", "هاتف", "جوال", "फ़ोन", "फोन", "मोबाइल", "โทร", "טלפון"],
]);
/** Words that are often followed by other numbers too. What follows has to be a number that a region has given out. */
const WEAK_LABELS = anyOf([
  ...[
    "call",
    "call me",
    "text",
    "txt",
    "text me",
    "ring",
    "ring me",
    "reach me",
    "contact",
    "contact[oe]",
    "contato",
    "contatto",
    "kontakt",
    "my number",
    "my no",
    "my line",
    "my digits",
  ],
  ...[
    "ligue",
    "liga",
    "ligar",
    "lláma(?:me)?",
    "llama(?:me)?",
    "chiama(?:mi)?",
    "appelez",
    "joignable",
    "mon numéro",
  ],
  ...[
    "mi número",
    "meu número",
    "il mio numero",
    "meine nummer",
    "anrufen",
    "bel",
    "ring meg",
    "ring mig",
    "zadzwoń",
    "дзвоніть",
    "звоните",
  ],
  ...["折り返し", "内線", "自宅", "打我", "번호", "رقمي", "شماره", "नंबर"],
]);

/** Digits in any groups, with what a number may begin with. */
const DIGITS = String.raw`[+(]{0,2}\d(?:[ ./()-]{0,3}\d){6,13}(?!\d)(?![-/.]\d)`;
/** 2024-03-14 and 14.03.2024 after a label are when it was bought or called. */
const DATE = String.raw`(?:(?:19|20)\d{2}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:19|20)\d{2}|(?:19|20)\d{6}(?!\d))`;
/** "on", "me", "it": what stands between "call" and a number, besides the words of any label. */
const MORE = String.raw`(?:[ :]{0,2}(?:me|us|at|on|it|now|para|o|no|al|allo|meg på|mig på|до)(?!\p{L})){0,2}`;

/** A clear label with 7 to 14 digits after it. */
export const CLEARLY_LABELLED = new RegExp(`${CLEAR_LABELS}${MORE}${GAP}(?!${DATE})${DIGITS}`, "iu");

/** Whether a label stands at the end of the text before a number. */
const ENDS_WITH_LABEL = new RegExp(`(?:${WEAK_LABELS}|${CLEAR_LABELS})${MORE}${GAP}$`, "iu");
export const endsWithLabel = (before: string): boolean => ENDS_WITH_LABEL.test(before.slice(-60));

/** Words of orders and documents. A number after them isn't a phone number, whatever region could have given it out. */
const ENDS_WITH_OTHER_LABEL = new RegExp(
  `(?:${anyOf([
    ...[
      "order",
      "invoice",
      "ticket",
      "ref",
      "reference",
      "tracking",
      "serial",
      "sku",
      "isbn",
      "ean",
      "upc",
      "id",
      "version",
    ],
    ...[
      "build",
      "po",
      "no",
      "nr",
      "n",
      "case",
      "issue",
      "item",
      "model",
      "part",
      "lot",
      "account",
      "population",
      "total",
    ],
    ...[
      "commande",
      "référence",
      "facture",
      "pedido",
      "factura",
      "protocolo",
      "fatura",
      "encomenda",
      "ordine",
      "fattura",
    ],
    ...[
      "bestellnummer",
      "bestellung",
      "rechnung",
      "bestelling",
      "zamówienie",
      "заказ",
      "замовлення",
      "objednávka",
      "đơn hàng",
    ],
    ...[
      "番号",
      "伝票",
      "注文",
      "見積書?",
      "型番",
      "コード",
      "订单号?",
      "訂單編號",
      "版本号",
      "주문번호",
      "رقم الطلب",
      "ऑर्डर",
    ],
  ])}|[#№$€£¥₹])[^\\p{L}\\p{N}\\n]{0,4}(?:(?:no|nr|number|n[uú]mero|nummer|नबर|नंबर)[^\\p{L}\\p{N}\\n]{0,4})?$`,
  "iu",
);
export const endsWithOtherLabel = (before: string): boolean => ENDS_WITH_OTHER_LABEL.test(before.slice(-40));
