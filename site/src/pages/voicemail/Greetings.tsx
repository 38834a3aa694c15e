/** What callers of a box hear first: its own greeting and its recorded name. */
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { queryClient } from "../../api/queries.ts";
import { faultWords } from "../../core/problem.ts";
import { deleteGreeting, greetingPath, VOICEMAIL, type GreetingName } from "../../media/queries.ts";
import { Player } from "../../media/Player.tsx";
import { SoundMaker } from "../../media/SoundMaker.tsx";
import type { MailboxState } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Card } from "../../ui/Card.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { useSay } from "../../ui/toasts.tsx";

const MOST_S = 300;
const MOST_MB = 32;

export function Greetings({ box }: { readonly box: MailboxState }) {
  return (
    <div className="flex flex-col gap-4">
      <Greeting box={box} name="custom" recorded={box.has_greeting} />
      <Greeting box={box} name="name" recorded={box.has_name} />
      <p className="px-1 text-small text-faint">
        {t.media.voicemail.greetingChoice}{" "}
        <Link to="/mailboxes" search={{ open: box.number }} className="font-medium text-accent hover:underline">
          {t.media.voicemail.boxSettings}
        </Link>
      </p>
    </div>
  );
}

interface GreetingProps {
  readonly box: MailboxState;
  readonly name: GreetingName;
  readonly recorded: boolean;
}

function Greeting({ box, name, recorded }: GreetingProps) {
  const say = useSay();
  const [version, setVersion] = useState(0);
  const renewed = () => {
    setVersion((before) => before + 1);
    void queryClient.invalidateQueries({ queryKey: VOICEMAIL });
  };
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => deleteGreeting(box.number, name),
    onSuccess: () => say(t.media.voicemail.greetingDeleted),
    onSettled: renewed,
  });
  const words = t.media.voicemail.greeting[name];
  return (
    <Card title={words.title}>
      <div className="flex flex-col gap-4 px-4 pb-5 sm:px-5" data-greeting={name}>
        <p className="text-small text-pretty text-faint">{words.help}</p>
        {recorded && (
          <>
            <Player key={version} source={{ path: greetingPath(box.number, name) }} label={words.title} download={`${box.number}-${name}`} />
            <div>
              <Button icon="trash" busy={isPending} onClick={() => mutate()}>
                {t.media.voicemail.greetingDelete}
              </Button>
            </div>
          </>
        )}
        {error !== null && (
          <Notice tone="bad" alert>
            {faultWords(error, t)}
          </Notice>
        )}
        <SoundMaker
          path={greetingPath(box.number, name)}
          mostS={MOST_S}
          mostMb={MOST_MB}
          onDone={() => {
            say(t.media.voicemail.greetingSaved);
            renewed();
          }}
        />
      </div>
    </Card>
  );
}
