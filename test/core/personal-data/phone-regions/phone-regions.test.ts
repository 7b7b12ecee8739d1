import { describe, expect, it } from "vitest";
import { readConfig } from "../../../../src/app/config.ts";
import { personalDataIn } from "../../../../src/core/personal-data/data-schema/detect/personal-text.ts";
import { searchIn } from "../../../../src/core/personal-data/data-schema/detect/regional-phone-numbers.ts";
import { regionOf } from "../../../../src/core/personal-data/phone-regions/region-names.ts";
import { regionsOfLanguage } from "../../../../src/core/personal-data/phone-regions/regions-of-language.ts";
import type { PhoneRegion } from "../../../../src/core/protocol/phone-regions.ts";

describe("the region of a user", () => {
  it.each([
    ["PT", "PT"],
    ["pt", "PT"],
    ["ＰＴ", "PT"],
    ["pt-BR", "BR"],
    ["de_AT", "AT"],
    ["US-CA", "US"],
    ["DE-BY", "DE"],
    ["Portugal", "PT"],
    ["Lisbon, Portugal", "PT"],
    ["Deutschland", "DE"],
    ["日本", "JP"],
    ["東京、日本", "JP"],
    ["uk", "GB"],
    ["USA", "US"],
    ["Côte d’Ivoire", "CI"],
  ])("%s is %s", (text, region) => {
    expect(regionOf(text)).toBe(region);
  });

  it.each(["", "EU", "Minho", "the moon", "Portugal the Man", "XX", "constructor"])("%j is none", (text) => {
    expect(regionOf(text)).toBeUndefined();
  });
});

describe("the regions of a campaign's language", () => {
  it.each<[string, string[]]>([
    ["アンケートにご協力ください", ["JP"]],
    ["请回答两个问题", ["CN", "TW", "HK"]],
    ["두 가지 질문에 답해 주세요", ["KR"]],
    ["Para que usa o serviço? Não demora mais do que uma hora, e ajuda os programadores.", ["PT", "BR"]],
    ["Wie zufrieden sind Sie mit der Suche und was ist nicht gut?", ["DE", "AT", "CH"]],
    ["How do you like the weather?", []],
    ["", []],
  ])("%j is spoken in %j", (text, regions) => {
    expect(regionsOfLanguage([text])).toEqual(regions);
  });
});

describe("PHONE_REGIONS", () => {
  it("names regions by their codes, in any case, each once", () => {
    expect(readConfig({ PHONE_REGIONS: "pt, BR,PT" }).phoneRegions).toEqual(["PT", "BR"]);
    expect(readConfig({}).phoneRegions).toEqual([]);
  });

  it.each(["Portugal", "PT;BR", "PT,,BR", "XX"])("%j is a mistake that the start names", (text) => {
    expect(() => readConfig({ PHONE_REGIONS: text })).toThrow(/PHONE_REGIONS.*ISO 3166-1/);
  });
});

describe("a national phone number", () => {
  const found = (text: string, regions: PhoneRegion[], search = searchIn(regions)) =>
    personalDataIn(text, [], search);

  it.each<[string, PhoneRegion, PhoneRegion]>([
    ["912345678", "PT", "DE"],
    ["o numero 912345678, depois das seis", "PT", "US"],
    ["55 1234 5678", "MX", "DE"],
    ["9123 4567", "HK", "US"],
    ["20 12 34 56", "DK", "FR"],
    ["4158235531", "US", "PT"],
    ["89031234567", "RU", "JP"],
  ])("%j is one in %s, and nothing in %s", (text, region, elsewhere) => {
    expect(found(text, [region])).toBe("a phone number");
    expect(found(text, [elsewhere, region])).toBe("a phone number");
    expect(found(text, [elsewhere])).toBeUndefined();
    expect(found(text, [])).toBeUndefined();
  });

  it.each([
    "order 912345678 is late",
    "pedido nº 912345678",
    "912345678 €",
    "$912345678",
    "912345678.50",
    "version 912345678",
    "ABC-912345678",
    "2024-03-14",
    "0.912345678",
    "1 912 345 678",
    "12 912 345 678 900",
  ])("%j is none for a Portuguese person either", (text) => {
    expect(found(text, ["PT"])).toBeUndefined();
  });

  it.each<PhoneRegion>(["UA", "KG", "TZ"])("an amount in thousands among words is none in %s", (region) => {
    expect(found("revenue 612 345 678 last year", [region])).toBeUndefined();
  });

  it("is looked up so many times in one validation, and then no more", () => {
    const search = searchIn(["PT"]);
    search.lookupsLeft = 2;
    const unlikely = "so 312345678 there";
    expect(found(unlikely, [], search)).toBeUndefined();
    expect(search.lookupsLeft).toBe(1);
    expect(found("so 912345678 there", [], search)).toBe("a phone number");
    expect(search.lookupsLeft).toBe(0);
    expect(found("so 912345678 there", [], search)).toBeUndefined();
  });
});
