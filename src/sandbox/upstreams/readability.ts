/** Readability scores of English text by the classic formulas, and keywords by RAKE. */

/** Words a minute of adults who read prose silently (Brysbaert 2019). */
const WORDS_PER_MINUTE = 238;
const KEYWORDS = 10;
const LONGEST_PHRASE_WORDS = 3;
const COMPLEX_WORD_SYLLABLES = 3;

const STOP_WORDS = new Set(
  (
    "a about above after again against all also am an and any are as at be because been before being below between " +
    "both but by can cannot could did do does doing down during each even ever few for from further get had has have " +
    "having he her here hers herself him himself his how however i if in into is it its itself just let like made " +
    "make makes many may me might more most much must my myself no nor not now of off on once one only or other our " +
    "ours ourselves out over own per same shall she should since so some still such than that the their theirs them " +
    "themselves then there these they this those through thus to too under until up upon us use used uses very was " +
    "way we well were what when where whether which while who whom whose why will with within without would yet you " +
    "your yours yourself yourselves"
  ).split(" "),
);

export interface TextReport {
  characters: number;
  words: number;
  unique_words: number;
  sentences: number;
  syllables: number;
  words_per_sentence: number;
  reading_time_seconds: number;
  scores: Record<
    | "flesch_reading_ease"
    | "flesch_kincaid_grade"
    | "gunning_fog"
    | "coleman_liau"
    | "automated_readability_index",
    number
  >;
  level: string;
  keywords: { phrase: string; score: number }[];
}

/** Measures a text. @throws RangeError if the text has no words */
export function analyse(text: string): TextReport {
  const words = segment(text, "word").map((word) => word.toLowerCase());
  if (words.length === 0) throw new RangeError("no words");
  const sentences = Math.max(
    1,
    segment(text, "sentence").filter((part) => /[\p{L}\p{N}]/u.test(part)).length,
  );
  const syllableCounts = words.map(countSyllables);
  const syllables = sum(syllableCounts);
  const letters = sum(words.map((word) => word.length));
  const complex = syllableCounts.filter((count) => count >= COMPLEX_WORD_SYLLABLES).length;

  const perSentence = words.length / sentences;
  const syllablesPerWord = syllables / words.length;
  const lettersPerWord = letters / words.length;
  const ease = 206.835 - 1.015 * perSentence - 84.6 * syllablesPerWord;
  return {
    characters: text.length,
    words: words.length,
    unique_words: new Set(words).size,
    sentences,
    syllables,
    words_per_sentence: round(perSentence),
    reading_time_seconds: Math.ceil((words.length / WORDS_PER_MINUTE) * 60),
    scores: {
      flesch_reading_ease: round(ease),
      flesch_kincaid_grade: round(0.39 * perSentence + 11.8 * syllablesPerWord - 15.59),
      gunning_fog: round(0.4 * (perSentence + (100 * complex) / words.length)),
      coleman_liau: round(5.88 * lettersPerWord - (29.6 * sentences) / words.length - 15.8),
      automated_readability_index: round(4.71 * lettersPerWord + 0.5 * perSentence - 21.43),
    },
    level: levelOf(ease),
    keywords: keywords(text),
  };
}

/** Flesch's names for the ranges of his reading ease. */
function levelOf(ease: number): string {
  const levels: [number, string][] = [
    [90, "very easy"],
    [80, "easy"],
    [70, "fairly easy"],
    [60, "standard"],
    [50, "fairly difficult"],
    [30, "difficult"],
  ];
  return levels.find(([least]) => ease >= least)?.[1] ?? "very difficult";
}

/**
 * Rapid Automatic Keyword Extraction. A phrase is the words between stop words and punctuation. The weight of a
 * word is the mean length of its phrases (degree / frequency). The weight of a phrase is the sum of its words'
 * weights.
 */
function keywords(text: string): TextReport["keywords"] {
  const phrases = segment(text, "sentence")
    .flatMap((sentence) => sentence.split(/[^\p{L}\p{N}'’ -]+/u))
    .flatMap(splitAtStopWords)
    .filter((phrase) => phrase.length <= LONGEST_PHRASE_WORDS);
  const frequency = new Map<string, number>();
  const degree = new Map<string, number>();
  for (const phrase of phrases) {
    for (const word of phrase) {
      frequency.set(word, (frequency.get(word) ?? 0) + 1);
      degree.set(word, (degree.get(word) ?? 0) + phrase.length);
    }
  }
  const occurrences = new Map<string, { words: string[]; count: number }>();
  for (const words of phrases) {
    const phrase = words.join(" ");
    occurrences.set(phrase, { words, count: (occurrences.get(phrase)?.count ?? 0) + 1 });
  }
  return [...occurrences]
    .map(([phrase, { words, count }]) => {
      const weights = words.map((word) => (degree.get(word) ?? 0) / (frequency.get(word) ?? 1));
      // The score of a repeated phrase grows with the square root of its count.
      return { phrase, score: round(sum(weights) * Math.sqrt(count)) };
    })
    .sort((a, b) => (b.score === a.score ? a.phrase.localeCompare(b.phrase) : b.score - a.score))
    .slice(0, KEYWORDS);
}

function splitAtStopWords(clause: string): string[][] {
  const phrases: string[][] = [[]];
  for (const word of segment(clause, "word").map((part) => part.toLowerCase())) {
    if (STOP_WORDS.has(word) || /^\p{N}+$/u.test(word) || word.length < 2) phrases.push([]);
    else phrases.at(-1)?.push(word);
  }
  return phrases.filter((phrase) => phrase.length > 0);
}

function segment(text: string, granularity: "word" | "sentence"): string[] {
  const segments = [...new Intl.Segmenter("en", { granularity }).segment(text)];
  return segments.filter(({ isWordLike }) => isWordLike !== false).map((part) => part.segment);
}

/** Counts groups of vowels, corrected for silent endings. Right for most English words. */
function countSyllables(word: string): number {
  const letters = word.replace(/[^a-z]/g, "");
  if (letters.length <= 3) return 1;
  const spoken = letters
    .replaceAll("eau", "o")
    .replace(/(?:[^laeiouy]es|[^td]ed|[^laeiouy]e)$/, "")
    .replace(/^y/, "");
  return Math.max(1, spoken.match(/[aeiouy]{1,2}/g)?.length ?? 1);
}

const sum = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0);
const round = (number: number): number => Math.round(number * 100) / 100;
