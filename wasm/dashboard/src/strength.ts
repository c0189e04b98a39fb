/** Whether a passphrase that is being chosen can be guessed: the rules of the command (python/strongroom/cli/strength.py). */

export interface Strength {
  /** zxcvbn's 0 to 4. */
  readonly score: number;
  /** Why it is refused, or `null`. */
  readonly weakness: string | null;
}

/** NIST SP 800-63B-4, section 3.1.1: where it is the only thing asked for. */
const LEAST_CHARACTERS = 15;
/** Some 10^8 guesses and more. */
const LEAST_SCORE = 3;
/** What these make strong stays strong. */
const READ_CHARACTERS = 72;

type Check = (password: string, words: string[]) => { score: number; feedback: { warning: string | null } };

let checker: Promise<Check> | undefined;

/** `words` are names that an attacker would try first. */
export async function strengthOf(passphrase: string, words: readonly string[]): Promise<Strength> {
  checker ??= load();
  const check = await checker;
  const { score, feedback } = check(passphrase.slice(0, READ_CHARACTERS), words.filter(Boolean));
  const characters = [...passphrase].length;
  if (characters < LEAST_CHARACTERS) {
    // A short one is never shown as good.
    const weakness = `it has ${characters} characters, and ${LEAST_CHARACTERS} are the least`;
    return { score: Math.min(score, LEAST_SCORE - 1), weakness };
  }
  const weakness = WARNINGS[feedback.warning ?? ""] ?? "it is close to what many others take";
  return { score, weakness: score >= LEAST_SCORE ? null : weakness };
}

/** Its word lists are large, so they come only once a passphrase is typed. */
async function load(): Promise<Check> {
  const [{ ZxcvbnFactory }, { adjacencyGraphs, dictionary }] = await Promise.all([
    import("@zxcvbn-ts/core"),
    import("@zxcvbn-ts/language-common"),
  ]);
  const zxcvbn = new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs });
  return (password, words) => zxcvbn.check(password, words);
}

const WARNINGS: Readonly<Record<string, string>> = {
  straightRow: "rows of keys are easy to guess",
  keyPattern: "short patterns of keys are easy to guess",
  simpleRepeat: "repeated characters are easy to guess",
  extendedRepeat: "repeated patterns are easy to guess",
  sequences: "sequences such as abc are easy to guess",
  recentYears: "years are easy to guess",
  dates: "dates are easy to guess",
  topTen: "it is among the ten most used passwords",
  topHundred: "it is among the hundred most used passwords",
  common: "it is a very common password",
  similarToCommon: "it is close to a common password",
  wordByItself: "single words are easy to guess",
  namesByThemselves: "names are easy to guess",
  commonNames: "common names are easy to guess",
  userInputs: "it has the vault's or your own name in it",
};
