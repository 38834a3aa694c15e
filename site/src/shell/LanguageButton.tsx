import { chooseLanguage, LANGUAGES, language, type Language } from "../text/index.ts";

const NAMES = Object.keys(LANGUAGES) as readonly Language[];

/** Goes on to the next language; what it will be stands on the button, in that language. */
export function LanguageButton() {
  const next = NAMES[(NAMES.indexOf(language) + 1) % NAMES.length] ?? "en";
  return (
    <button
      type="button"
      lang={next}
      title={LANGUAGES[next]}
      onClick={() => chooseLanguage(next)}
      className="inline-flex size-10 items-center justify-center rounded-lg text-small font-semibold text-soft uppercase hover:bg-hover hover:text-ink md:size-9"
    >
      {next}
      <span className="sr-only">: {LANGUAGES[next]}</span>
    </button>
  );
}
