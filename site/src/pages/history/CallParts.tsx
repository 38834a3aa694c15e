/** The parts of a call's drawer: its way through flows, its legs as a tree, and how each line sounded. */
import { Link } from "@tanstack/react-router";
import { flowPaths, legQualities, legTree, type LegNode } from "../../core/callParts.ts";
import { causeWords } from "../../core/causes.ts";
import { shortTarget } from "../../core/people.ts";
import { causeOf, gradeWords } from "../../core/sound.ts";
import { nameLegs, qualityWords } from "../../core/story.ts";
import { formatDuration, formatTimer } from "../../core/time.ts";
import { useDirectory } from "../../live/useLive.ts";
import type { Cdr, CdrLeg, LegQuality } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { Icon } from "../../ui/Icon.tsx";
import { Section } from "../../ui/Section.tsx";
import { StatusMark, type Tone } from "../../ui/StatusMark.tsx";
import { SoundCurve } from "./SoundCurve.tsx";

export function FlowPaths({ cdr }: { readonly cdr: Cdr }) {
  const paths = flowPaths(cdr.events);
  if (paths.length === 0) return null;
  const origin = Date.parse(cdr.started_at);
  return (
    <Section title={t.media.history.path}>
      <div className="flex flex-col gap-4">
        {paths.map((path, index) => (
          <div key={index}>
            <p className="mb-2 flex flex-wrap items-baseline gap-x-3">
              <span className="font-medium">
                {path.name} <span className="font-normal text-faint tabular-nums">{path.flow}</span>
              </span>
              <span className="text-small text-faint">{path.revision > 0 ? t.media.history.revision(path.revision) : t.walk.revision.draft}</span>
              <Link
                to="/flows/$number"
                params={{ number: path.flow }}
                search={{ show: `call:${cdr.id}` }}
                className="ml-auto font-medium text-accent hover:underline"
              >
                {t.media.history.onCanvas}
              </Link>
            </p>
            <ol className="flex flex-wrap items-center gap-x-1.5 gap-y-2">
              {path.steps.map((step, at) => (
                <li key={at} className="flex items-center gap-1.5">
                  <span
                    className="rounded-lg border border-line bg-canvas px-2 py-1 text-small"
                    title={`${step.kind}, ${formatTimer(Date.parse(step.at) - origin)}${step.detail === "" ? "" : `: ${step.detail}`}`}
                  >
                    {step.node}
                  </span>
                  {step.exit !== "" && (
                    <span className="flex items-center gap-1 text-label text-faint">
                      {step.exit}
                      <Icon name="arrowRight" className="size-3.5" />
                    </span>
                  )}
                </li>
              ))}
            </ol>
          </div>
        ))}
      </div>
    </Section>
  );
}

export function Legs({ cdr }: { readonly cdr: Cdr }) {
  const tree = legTree(cdr.legs);
  if (cdr.legs.length === 0) return null;
  return (
    <Section title={t.media.history.legs}>
      <Branch nodes={tree} cdr={cdr} />
      {cdr.continued_in !== null && (
        <p className="mt-3 text-small">
          <OtherCall id={cdr.continued_in}>{t.media.history.continued}</OtherCall>
        </p>
      )}
    </Section>
  );
}

function Branch({ nodes, cdr }: { readonly nodes: readonly LegNode[]; readonly cdr: Cdr }) {
  return (
    <ul className="flex flex-col gap-2.5">
      {nodes.map(({ leg, rung }) => (
        <li key={leg.leg}>
          <Leg leg={leg} cdr={cdr} />
          {rung.length > 0 && (
            <div className="mt-2.5 ml-2 border-l border-line pl-4">
              <Branch nodes={rung} cdr={cdr} />
            </div>
          )}
        </li>
      ))}
    </ul>
  );
}

function Leg({ leg, cdr }: { readonly leg: CdrLeg; readonly cdr: Cdr }) {
  const directory = useDirectory();
  const party = shortTarget(leg.party);
  const name = directory.get(leg.extension ?? "")?.name ?? (leg.leg === "a" ? cdr.from_name : "");
  const times = [
    leg.answered_at === null ? "" : t.media.history.afterRinging(formatDuration(between(leg.started_at, leg.answered_at), t.duration)),
    leg.answered_at !== null && leg.ended_at !== null
      ? t.media.history.talkedFor(formatDuration(between(leg.answered_at, leg.ended_at), t.duration))
      : "",
    leg.cause === "" ? "" : causeWords(leg.cause, "", t),
  ];
  return (
    <div>
      <p className="flex flex-wrap items-center gap-x-2">
        <span className="font-medium">{name || party}</span>
        {name !== "" && <span className="text-small text-faint tabular-nums">{party}</span>}
        <StatusMark tone={leg.answered_at === null ? "plain" : "good"}>
          {leg.answered_at === null ? t.media.history.unanswered : t.history.disposition["answered"]}
        </StatusMark>
      </p>
      <p className="text-small text-faint">{times.filter((each) => each !== "").join(" · ")}</p>
      {leg.from_call !== null && (
        <p className="text-small">
          <OtherCall id={leg.from_call}>{t.media.history.cameFrom}</OtherCall>
        </p>
      )}
      {leg.to_call !== null && (
        <p className="text-small">
          <OtherCall id={leg.to_call}>{t.media.history.wentTo}</OtherCall>
        </p>
      )}
    </div>
  );
}

function between(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 1000;
}

function OtherCall({ id, children }: { readonly id: string; readonly children: string }) {
  return (
    <Link to="/history" search={{ call: id }} className="font-medium text-accent hover:underline">
      {children}
    </Link>
  );
}

const GRADES: Readonly<Record<string, Tone>> = { good: "good", fair: "warn", poor: "bad" };

export function Quality({ cdr }: { readonly cdr: Cdr }) {
  const directory = useDirectory();
  const found = legQualities(cdr.events);
  if (found.length === 0) return null;
  const nameOf = nameLegs(cdr, t);
  const who = (name: string) =>
    directory.get(cdr.legs.find((leg) => leg.leg === name)?.extension ?? "")?.name ?? nameOf(name);
  return (
    <Section title={t.media.history.quality}>
      <ul className="flex flex-col gap-3">
        {found.map((quality) => (
          <LegSound key={quality.leg} who={who(quality.leg)} quality={quality} />
        ))}
      </ul>
    </Section>
  );
}

function LegSound({ who, quality }: { readonly who: string; readonly quality: LegQuality }) {
  const { heard, told } = quality;
  return (
    <li>
      <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <span className="font-medium">{who}</span>
        {heard !== null && (
          <StatusMark tone={GRADES[heard.grade] ?? "plain"}>{t.media.history.soundsTo(gradeWords(heard, t))}</StatusMark>
        )}
        {told !== null && <StatusMark tone={GRADES[told.grade] ?? "plain"}>{t.media.history.hears(gradeWords(told, t))}</StatusMark>}
        {quality.codec !== "" && <span className="text-small text-faint">{quality.codec}</span>}
      </p>
      {[heard, told].map((sound, side) => {
        const cause = sound === null ? "" : causeOf(sound, t);
        return cause === "" ? null : (
          <p key={side} className="text-small text-soft">
            {side === 0 ? t.media.history.becauseFrom(who, cause) : t.media.history.becauseTo(who, cause)}
          </p>
        );
      })}
      <p className="text-small text-faint">{qualityWords({ ...quality, heard: null, told: null }, t)}</p>
      {quality.remote !== "" && (
        <p className="text-small break-words text-faint">
          {t.callQuality.path(quality.remote, quality.local_port)}
          {quality.encryption in t.callQuality.encryption && ` · ${t.callQuality.encryption[quality.encryption] ?? ""}`}
        </p>
      )}
      <SoundCurve quality={quality} />
    </li>
  );
}
