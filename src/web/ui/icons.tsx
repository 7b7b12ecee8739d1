/** The few signs there are. Words stand beside each, so screen readers pass over them. */
interface IconProps {
  d: string;
  size?: number;
  width?: number;
}

const Icon = ({ d, size = 16, width = 1.75 }: IconProps) => (
  <svg
    width={size}
    height={size}
    viewBox="0 0 16 16"
    fill="none"
    stroke="currentColor"
    strokeWidth={width}
    strokeLinecap="round"
    strokeLinejoin="round"
    aria-hidden="true"
  >
    <path d={d} />
  </svg>
);

export const Tick = ({ size = 12 }: { size?: number }) => (
  <Icon d="m3.5 8.5 3 3 6-7" size={size} width={2.2} />
);
export const Cross = ({ size = 12 }: { size?: number }) => (
  <Icon d="m4 4 8 8M12 4l-8 8" size={size} width={2.2} />
);
export const Plus = () => <Icon d="M8 3.5v9M3.5 8h9" />;
export const Minus = () => <Icon d="M3.5 8h9" />;
export const Down = () => <Icon d="m4.5 6.5 3.5 3.5 3.5-3.5" />;
export const Alert = () => <Icon d="M8 5.8v3.2M8 11.4v.1M8 1.8 14.8 14H1.2z" width={1.4} />;

export const Mark = () => (
  <svg className="mark-sign" width="22" height="22" viewBox="0 0 24 24" aria-hidden="true">
    <rect width="24" height="24" rx="6" />
    <path d="M6 17.5V14M6 14 18.2 6.8" fill="none" strokeWidth="2.2" strokeLinecap="round" />
    <circle cx="6" cy="14" r="1.9" />
  </svg>
);
