/** Die Wörter der Seiten des Edge, auf Deutsch. */
import type { EdgeText } from "../../edge.ts";
import { campaigns } from "./campaigns.ts";
import { common } from "./common.ts";
import { figures } from "./figures.ts";
import { forms } from "./forms.ts";
import { numbers } from "./numbers.ts";
import { receptionist } from "./receptionist.ts";
import { settings } from "./settings.ts";
import { texts } from "./texts.ts";

export const edge: EdgeText = { common, texts, campaigns, numbers, receptionist, settings, figures, forms };
