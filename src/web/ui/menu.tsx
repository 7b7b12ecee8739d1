import "./button.css";
import "./menu.css";
import type { ReactNode } from "react";
import { useId } from "react";
import { Tick } from "./icons.tsx";

interface MenuProps {
  /** What the button shows. */
  children: ReactNode;
  /** Whose menu it is. */
  who?: string | undefined;
  /** The side of the page that it opens at. */
  align?: "start" | "end";
  groups: {
    label?: string;
    items: {
      id: string;
      label: string;
      lang?: string;
      isChosen?: boolean | undefined;
      onPress: () => void;
    }[];
  }[];
}

/** A popover of the platform: Escape, a press outside and the focus's way back come with it. */
export function Menu({ children, who, align = "end", groups }: MenuProps) {
  const id = useId();
  return (
    <>
      <button type="button" className="btn account" data-tone="quiet" popoverTarget={id}>
        {children}
      </button>
      <div id={id} popover="auto" className="menu" data-align={align}>
        {who !== undefined && <bdi className="menu-who">{who}</bdi>}
        {groups.map(({ label, items }) => (
          <div key={items[0]?.id} className="menu-group" role="group" aria-label={label}>
            {label !== undefined && <span className="menu-label">{label}</span>}
            {items.map((item) => (
              <button
                key={item.id}
                type="button"
                className="menu-item"
                lang={item.lang}
                aria-pressed={item.isChosen}
                popoverTarget={id}
                popoverTargetAction="hide"
                onClick={item.onPress}
              >
                {item.label}
                {item.isChosen === true && (
                  <span className="menu-tick">
                    <Tick />
                  </span>
                )}
              </button>
            ))}
          </div>
        ))}
      </div>
    </>
  );
}
