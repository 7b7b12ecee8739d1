import { COMMERCE_AND_HOME } from "./commerce-and-home.ts";
import { EVERYDAY_LIFE } from "./everyday-life.ts";
import { FINANCE } from "./finance.ts";
import { FOOD_AND_HEALTH } from "./food-and-health.ts";
import { LANGUAGE_AND_MEDIA } from "./language-and-media.ts";
import { LEISURE } from "./leisure.ts";
import { NATURE_AND_TRAVEL } from "./nature-and-travel.ts";
import { WEB_AND_DATA } from "./web-and-data.ts";
import { WORK_AND_SOCIETY } from "./work-and-society.ts";

/** The topics that Tollfree comes with, in English and Japanese. An operator's file adds to them. */
export const BUILT_IN_TOPICS = [
  NATURE_AND_TRAVEL,
  FINANCE,
  LANGUAGE_AND_MEDIA,
  WEB_AND_DATA,
  COMMERCE_AND_HOME,
  FOOD_AND_HEALTH,
  WORK_AND_SOCIETY,
  LEISURE,
  EVERYDAY_LIFE,
].join("\n");
