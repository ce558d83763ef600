import { Icon, type IconName } from './icons.tsx';

interface RoundButtonProps {
  readonly icon: IconName;
  readonly kind?: string;
  readonly name: string;
  /** Whether what it shows and hides is there. */
  readonly expanded?: boolean;
  /** Undefined where there is nothing to do. */
  readonly act: (() => void) | undefined;
}

/** Stays focusable where it can do nothing, so that the focus is not lost at the last result. */
export function RoundButton({ icon, kind = icon, name, expanded, act }: RoundButtonProps) {
  return (
    <button
      class={`round ${kind}`}
      type="button"
      aria-label={name}
      title={name}
      aria-disabled={act === undefined ? true : undefined}
      aria-expanded={expanded}
      onClick={() => act?.()}
    >
      <Icon name={icon} />
    </button>
  );
}
