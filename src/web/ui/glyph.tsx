import "./sheet.css";

/** The first letter of a name. Never a picture: that would come from somebody else's server. */
export function Glyph({ name, isLarge = false }: { name: string; isLarge?: boolean }) {
  const letter = /[\p{L}\p{N}]/u.exec(name)?.[0].toUpperCase() ?? "?";
  return (
    <span className="glyph" data-large={isLarge || undefined} aria-hidden="true">
      {letter}
    </span>
  );
}
