/** What a caller says where a flow listens. */
import { useState } from "react";
import { t } from "../../../text/index.ts";
import { Button } from "../../../ui/Button.tsx";
import { Field } from "../../../ui/Field.tsx";

interface WordsProps {
  readonly label: string;
  readonly words: string;
  readonly onWords: (words: string) => void;
  readonly onClose: () => void;
}

export function Words({ label, words, onWords, onClose }: WordsProps) {
  const [said, setSaid] = useState(words);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onWords(said.trim());
        onClose();
      }}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Escape") onClose();
      }}
      className="fade-in my-2 flex items-end gap-2 pr-4"
    >
      <div className="min-w-0 flex-1">
        <Field label={label} value={said} maxLength={500} autoFocus onChange={(event) => setSaid(event.target.value)} />
      </div>
      <Button type="submit" look="primary">
        {t.walk.simulate.apply}
      </Button>
    </form>
  );
}
