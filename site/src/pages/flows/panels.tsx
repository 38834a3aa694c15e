/** The panels of the editor, in the order of its toolbar. Each is a file of its own, fetched when it is first opened. */
import { lazy, type ComponentType, type LazyExoticComponent } from "react";
import { p } from "../../pocket/text.ts";
import { t } from "../../text/index.ts";
import type { IconName } from "../../ui/Icon.tsx";
import { LiveTokens } from "./walk/LiveTokens.tsx";

export interface PanelProps {
  /** What `openPanel` was given. */
  readonly argument: string | undefined;
  readonly onClose: () => void;
}

export interface EditorPanel {
  /** In the address as `?tab=<id>`. */
  readonly id: string;
  readonly title: () => string;
  readonly icon: IconName;
  /** At the side of the canvas, where the node's form is otherwise, or below it. */
  readonly place: "side" | "below";
  readonly Panel: LazyExoticComponent<ComponentType<PanelProps>>;
}

/** `lazyPanel(() => import("./SimulatePanel.tsx"), "SimulatePanel")` */
export function lazyPanel<Name extends string>(
  load: () => Promise<Readonly<Record<Name, ComponentType<PanelProps>>>>,
  name: Name,
): LazyExoticComponent<ComponentType<PanelProps>> {
  return lazy(async () => ({ default: (await load())[name] }));
}

export const PANELS: readonly EditorPanel[] = [
  {
    id: "simulate",
    title: () => t.walk.simulate.title,
    icon: "play",
    place: "side",
    Panel: lazyPanel(() => import("./SimulatePanel.tsx"), "SimulatePanel"),
  },
  {
    id: "tests",
    title: () => t.walk.test.title,
    icon: "check",
    place: "side",
    Panel: lazyPanel(() => import("./TestsPanel.tsx"), "TestsPanel"),
  },
  {
    id: "call",
    title: () => p.trial.title,
    icon: "phone",
    place: "side",
    Panel: lazyPanel(() => import("./CallPanel.tsx"), "CallPanel"),
  },
  {
    id: "live",
    title: () => t.walk.live.title,
    icon: "live",
    place: "side",
    Panel: lazyPanel(() => import("./LivePanel.tsx"), "LivePanel"),
  },
  {
    id: "path",
    title: () => t.walk.path.title,
    icon: "arrowRight",
    place: "side",
    Panel: lazyPanel(() => import("./PathPanel.tsx"), "PathPanel"),
  },
  {
    id: "revisions",
    title: () => t.walk.revision.title,
    icon: "history",
    place: "side",
    Panel: lazyPanel(() => import("./RevisionsPanel.tsx"), "RevisionsPanel"),
  },
];

/** Small marks that are always there beside the toolbar, such as how many calls are in this flow now. */
export const TOOLBAR_EXTRAS: readonly ComponentType[] = [LiveTokens];
