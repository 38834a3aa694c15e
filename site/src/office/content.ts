/** What the makers of this site wrote into `site/content/site.json`: whose it is, and which offices it is for. */
import content from "../../content/site.json";

export interface Office {
  readonly name: string;
  /** The node's address, such as "https://berlin.example"; "" is where this page came from. */
  readonly node: string;
}

interface SiteContent {
  readonly organisation: string;
  readonly sites: readonly Office[];
  readonly navigation: { readonly hide: readonly string[] };
}

const written: SiteContent = content;

export const ORGANISATION: string = written.organisation;
export const HIDDEN_PAGES: readonly string[] = written.navigation.hide;
export const WRITTEN_OFFICES: readonly Office[] = written.sites.map((each) => ({ ...each, node: each.node.replace(/\/+$/, "") }));
