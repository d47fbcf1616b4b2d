/** How the frame looks. What is not named is as the organization has it. */
export interface Theme {
  scheme?: "light" | "dark";
  [name: string]: string | undefined;
}

export interface MountOptions {
  /** `https://HOST`: where Tessera is. */
  host: string;
  /** The organization's address: the last part of its pages' addresses. */
  organization: string;
  /** `pln_…`; the visitor chooses among the public plans if nothing is said. */
  plan?: string;
  email?: string;
  /** A language, such as `de`. */
  locale?: string;
  /** What the frame is called by screen readers. */
  title?: string;
  theme?: Theme | string;
  /** Ask your back end for a token of your signed-in visitor, over this nonce; null if nobody is signed in. */
  token?: (nonce: string) => Promise<string | null> | string | null;
  /** Where the loader asks for that token itself: POST {"nonce"}, answered {"token"}, or 204 for nobody. */
  tokenUrl?: string;
  /** Offer a button that asks your page to close the frame. */
  closable?: boolean;
  /** The nonce of your page's Content-Security-Policy, for the loader's script. */
  scriptNonce?: string;
}

/** What happens in the frame, by the name of its event. */
export interface Events {
  ready: { nonce: string };
  step: { name: string };
  resize: { height: number };
  completed: { membership_id: string; status: string };
  error: { code: string; detail: string };
  close: Record<string, never>;
}

export interface Mounted {
  /** Call back at each event of a type, and at once if there has been one. Returns what stops it. */
  on<Type extends keyof Events>(type: Type, callback: (detail: Events[Type]) => void): () => void;
  /** Sign the visitor in by a token of your back end, once, before they have signed in themselves. */
  authenticate(token: string): void;
  /** Change how the frame looks: what is not named stays. */
  theme(changed: Theme | string): void;
  /** Take the frame away; what was there before is back. */
  destroy(): void;
}

/**
 * Put the page where people join into an element, in place of the link in it. Loads Tessera's own loader, once.
 * Rejects if that cannot be loaded: the link is still there.
 */
export function mount(target: Element | string, options: MountOptions): Promise<Mounted>;
