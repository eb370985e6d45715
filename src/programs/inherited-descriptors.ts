/**
 * File descriptors that this process inherited from its shell or supervisor, and that every child would inherit too.
 * Rule: none of them may reach a sandboxed command, so each is replaced there by /dev/null.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** O_CLOEXEC in the octal flags of /proc/self/fdinfo. Node sets it on every descriptor that it opens itself. */
const CLOSE_ON_EXEC = 0o2000000;

let found: readonly number[] | undefined;

/** The descriptors from 3 up that children would inherit. Looked up once. */
export function inheritedDescriptors(): readonly number[] {
  return (found ??= find());
}

function find(): number[] {
  const inherited: number[] = [];
  for (const name of readdirSync('/proc/self/fdinfo')) {
    const fd = Number(name);
    if (fd < 3) continue;
    try {
      const flags = /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${name}`, 'latin1'))?.[1] ?? '0';
      if ((Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0) inherited.push(fd);
    } catch {
      // The descriptor of this listing itself is closed by now.
    }
  }
  return inherited;
}
