/**
 * A box to type in, with a list of what fits below it (the combobox of ARIA 1.2). The list lies in the browser's top
 * layer, so that no side panel cuts it off.
 */
import type { KeyboardEvent, ReactNode } from "react";
import { useId, useLayoutEffect, useRef, useState } from "react";
import { fold } from "../core/phones.ts";
import { t } from "../text/index.ts";
import { BOX } from "../ui/Field.tsx";
import { Icon } from "../ui/Icon.tsx";

export interface Option {
  readonly key: string;
  readonly title: string;
  /** What stands behind the title, and is searched too. */
  readonly note?: string;
  readonly mark?: ReactNode;
}

interface ComboProps {
  readonly id: string;
  readonly value: string;
  readonly options: readonly Option[];
  /** What stands in the box while nobody types; without it, the title of the chosen option. */
  readonly shown?: string;
  /** Anything may be typed, not only what is in the list. */
  readonly free?: boolean;
  readonly placeholder?: string | undefined;
  readonly label?: string | undefined;
  readonly describedBy?: string | undefined;
  readonly wrong?: boolean;
  readonly disabled?: boolean;
  readonly focusFirst?: boolean | undefined;
  readonly onChange: (key: string) => void;
  readonly onLeave?: () => void;
  /** Offers to make what is missing; it gets what was typed. */
  readonly create?: { readonly label: (typed: string) => string; readonly run: (typed: string) => void } | undefined;
}

const MOST = 60;

export function Combo(props: ComboProps) {
  const { id, value, options, free = false, create, onChange } = props;
  const list = useId();
  const box = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState<string>();
  const [active, setActive] = useState(-1);
  const [open, setOpen] = useState(false);
  const chosen = options.find((each) => each.key === value);
  const shown = props.shown ?? chosen?.title ?? value;
  const found = open ? matching(options, typed ?? "") : [];
  const makes = open && create !== undefined;
  const last = found.length - 1 + (makes ? 1 : 0);

  const show = () => {
    if (props.disabled === true) return;
    setOpen(true);
    setActive(-1);
  };
  const close = () => {
    setOpen(false);
    setTyped(undefined);
  };
  const choose = (index: number) => {
    const option = found[index];
    const text = typed ?? "";
    close();
    if (option !== undefined) onChange(option.key);
    else if (index >= 0) create?.run(text);
  };
  const type = (text: string) => {
    setTyped(text);
    setOpen(true);
    setActive(text === "" || free ? -1 : 0);
    if (free || text === "") onChange(text.trim());
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) show();
      else setActive(event.key === "ArrowDown" ? Math.min(active + 1, last) : Math.max(active - 1, -1));
    } else if (event.key === "Enter" && open && active >= 0) {
      event.preventDefault();
      choose(active);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (event.key === "Tab") close();
  };

  return (
    <span className="relative block min-w-0 flex-1">
      <input
        ref={box}
        id={id}
        type="text"
        role="combobox"
        autoComplete="off"
        spellCheck={false}
        aria-label={props.label}
        aria-expanded={open}
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={open && active >= 0 ? `${list}-${active}` : undefined}
        aria-invalid={props.wrong === true || undefined}
        aria-describedby={props.describedBy}
        data-focus-first={props.focusFirst}
        disabled={props.disabled}
        placeholder={props.placeholder}
        value={typed ?? shown}
        onChange={(event) => type(event.target.value)}
        onClick={() => (open ? undefined : show())}
        onKeyDown={onKeyDown}
        onBlur={() => {
          close();
          props.onLeave?.();
        }}
        className={`${BOX} pr-9 ${props.wrong === true ? "border-bad-line" : "border-line-strong/60 hover:border-line-strong"}`}
      />
      <Icon name="chevronRight" className="pointer-events-none absolute top-1/2 right-2.5 size-4 -translate-y-1/2 rotate-90 text-faint" />
      {open && (
        <Popup anchor={box} id={list}>
          {found.map((option, index) => (
            <Row key={option.key} id={`${list}-${index}`} active={index === active} chosen={option.key === value} onChoose={() => choose(index)}>
              <span className="min-w-0 flex-1 truncate">{option.title}</span>
              {option.note !== undefined && option.note !== "" && <span className="shrink-0 truncate text-small text-faint">{option.note}</span>}
              {option.mark}
            </Row>
          ))}
          {makes && (
            <Row id={`${list}-${found.length}`} active={active === found.length} chosen={false} onChoose={() => choose(found.length)}>
              <Icon name="plus" className="size-4 text-accent" />
              <span className="min-w-0 flex-1 truncate font-medium text-accent">{create.label(typed ?? "")}</span>
            </Row>
          )}
          {found.length === 0 && !makes && <li className="px-3 py-2.5 text-soft">{t.records.picker.nothing}</li>}
        </Popup>
      )}
    </span>
  );
}

function matching(options: readonly Option[], typed: string): readonly Option[] {
  const wanted = fold(typed.trim());
  if (wanted === "") return options.slice(0, MOST);
  return options.filter((each) => fold(`${each.key} ${each.title} ${each.note ?? ""}`).includes(wanted)).slice(0, MOST);
}

interface RowProps {
  readonly id: string;
  readonly active: boolean;
  readonly chosen: boolean;
  readonly children: ReactNode;
  readonly onChoose: () => void;
}

function Row({ id, active, chosen, children, onChoose }: RowProps) {
  return (
    <li
      id={id}
      ref={(element) => {
        if (active) element?.scrollIntoView({ block: "nearest" });
      }}
      role="option"
      aria-selected={chosen}
      // Before the box loses the focus and the list goes.
      onPointerDown={(event) => event.preventDefault()}
      onClick={onChoose}
      className={`flex min-h-10 cursor-pointer items-center gap-2.5 px-3 py-1.5 ${active ? "bg-accent-soft" : "hover:bg-hover"} ${chosen ? "font-medium" : ""}`}
    >
      {children}
    </li>
  );
}

interface PopupProps {
  readonly anchor: { readonly current: HTMLElement | null };
  readonly id: string;
  readonly children: ReactNode;
}

function Popup({ anchor, id, children }: PopupProps) {
  const popup = useRef<HTMLUListElement>(null);
  useLayoutEffect(() => {
    const element = popup.current;
    if (element === null) return;
    const place = () => {
      const box = anchor.current?.getBoundingClientRect();
      if (box === undefined) return;
      const below = window.innerHeight - box.bottom - 12;
      const up = below < 180 && box.top > below;
      const width = Math.min(Math.max(box.width, 240), window.innerWidth - 16);
      element.style.width = `${width}px`;
      element.style.left = `${Math.max(8, Math.min(box.left, window.innerWidth - width - 8))}px`;
      element.style.top = up ? "auto" : `${box.bottom + 4}px`;
      element.style.bottom = up ? `${window.innerHeight - box.top + 4}px` : "auto";
      element.style.maxHeight = `${Math.min(320, up ? box.top - 12 : below)}px`;
    };
    element.showPopover();
    place();
    window.addEventListener("scroll", place, true);
    window.addEventListener("resize", place);
    return () => {
      window.removeEventListener("scroll", place, true);
      window.removeEventListener("resize", place);
    };
  }, [anchor]);
  return (
    <ul
      ref={popup}
      id={id}
      role="listbox"
      popover="manual"
      className="fixed m-0 overflow-y-auto rounded-xl border border-line bg-surface p-0 py-1 text-body text-ink shadow-float"
    >
      {children}
    </ul>
  );
}
