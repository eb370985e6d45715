/**
 * The library that lets programs rename folders in an overlay. A script compiles it from rename-folder.c.
 * Rule: the embedded libraries were compiled from rename-folder.c; a test compares the source's digest.
 */
import { existsSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Bind } from './layout.ts';
import { digestOf } from '../files/shared-folders.ts';

/** Digest of the source that the embedded libraries were compiled from. */
export const SOURCE_SHA256 = '7d617dedac0a850e110c2a7327d3a6c7c6bb86673167e9bc941ffc42b36dfee3';

/** The libraries as gzip in base64, by Node's name of the architecture. */
const LIBRARIES: Partial<Record<string, string[]>> = {
  x64: [
    'H4sIAAAAAAACA71W32tbVRz/3iw3pj/kpuusFRRbuB2FrskymLTWjkQTOYULVpYOYc6aNakppMm4uRkrVJqRXshxXnzxwYc+iPjgHyASq3PXtS',
    'xa2OzC0MFedKBLbRkVha06c/Tcntvee2mcD+KXcD/n++uc7znf8/2ezEWlF10cBybtg2OwywGEGBY8VtkAuCEErdBi2PLQmDp5O4JvG6ifx6p/',
    'zI4+zo6mn+shfptgRy/Dl39UEh749+TbOY/d/bnZ+lbimE0jehIA9oMHvnbb4+lh8utM3snk+5l8mcl5yzq+vRYYH0/KciY7ns5OxJWpbAbkZC',
    'Y+nYwrR3ZGbGCYd3Vsuz3C9uMkcvT3dgDS86AdQHg6BKSH8imqWvueEDKCt4JVhFcRuVyY7SCQ/xW9V7zPzXXjyjARAIR3VgHgeFAPVsNlGjQ6',
    'v1FqA1jvK8x6SABpoyR/A+HV9ZW3Wj2lt92lv20KW4F8E1L1CL4sRFcR0Qcrcz+o1fyjV+ZFqvcvGhNNVD+TOABJi4glCV8LG9Ir8wdKhrZSWS',
    'CEIHxzkZ6VwCNVV9xBfX0IaR8bs0javFiilvimoc3fvhARP5zsgc3JYQjlb6AL8yK9bWgwIvqEd3XhEx2dX6axn1wK6kvhE2iCoIlqFOvhsRG8',
    'Un6OAwjHxhC+ehwVN0YFHuGlqKoL6kscwAj+bQRfL5IFpalwLCCoQ9S4uLWgNBfehICg9tGFin/cFdRuOsJ3JXyn9n6dEFUX5tupSONlDiBYjd',
    'KfjnBE7EIa/4xhHRF7kcb3s/HhbTVCGv+UIYqJnTRHEdGH8HcIf1seAAAJJ8QBhNNiqBIRWwkhROBH8JdI1YXSBwCQnw5/Ti830o7+DABl2hPY',
    'oUr4tsBfFI25KxK+JuEVhGsC/4Vx8HSEcE3CPwl8eciYISb6kKbQgIc/ApqM8h0AuDRnhEHdBZ7qWy8OA8Ai7SjmLmsS/kbgUfH+A2WjOCu2Qr',
    '4pqK+3IfXWzL3amT8JuXcLdxa/Iqi4PHryVPjV8Knwa0trr9cJiQb1tVfq9Ab8YsxUX6ShX6KftVCdkP4Y9PfDaDiGhgP5nBw4PZV5ln4gkEie',
    'DWTy6TRQNjB9dqfWjXrh7HWoM97sJYjxzYw/xLAF7HVt9ghvx24fs+oPwG5dUnrc7GMc/C9k9k8nHTQD9edSOUVW4qfBn4rnUuBPzGRyM9PbqM',
    'jgl5PpuP9MWgG/kjyngF/OJuJKHPzJ1PikTNsPtYxPT02A/42sYlj+B9TCcuNy5MvEXrCft9fSyym1sTlcjnyaeM6SP87ib+btCaZzOe6HiYf2',
    'eC+s1M1ied6RbxM7LfE377H+QctbarxbLjt2NXjXTOxz+B922fFT1z/HH2SyI4xfc9uxr8H+TRxkY1ej/wsO8jr4F1js+xz32PTfdNafY/+S4w',
    '0369Pr2fv8vA5s9P73Mv+xh+T/Lzk0OgWACQAA',
  ],
  arm64: [
    'H4sIAAAAAAACA71WX2wURRj/7c5ee+0dZyk0V6l6BxQhUO6A2HhIDNui0KiJcNkHog/H9np6xP69LgSEhFVMJCExt9aIL2p5st00RqJoSEho4g',
    'MkPLEo8UXZw5ZE9EFSHzjTMt5cZ+nuhgsmJn7J7u+b78/MN/PNfDMnXnxltygIcIjgOyy1AJnjlXq3LIUAZESwrGobQG3qqfMieO/sX+fRCx5s',
    '5UG0Cl4/8RF+f3JrB4Mc985qfRIAjQfrx2fgRYnjvlmtrw7/npoerOPSukg8bjcJ3KYWPQGgGXXYEPDOYx2Xb+HyVi5v5vL2gDd+wRWThzKZXK',
    'EwOJTpH8qq2sGhQRRyg+pATtW2PeA4UzXfX8/XX1rqu7rOxy5NFoHicnNXuan7SSMuxm7E4uRH56vqvtxVbupd1M0QmOskXCPQrVuEmFkJxng+',
    'mxqntLP7uDyWkTDyhwTlNhE3ZuZ3jkzVQQnL71o023F1lgQNEbpV8U2vh56+CfGtKQnKSaBzOqCn10JP2yS4vUQkM9+uWzMExoGw/qEY161LV9',
    'amKnpLAH4YF3G+RALmTHbNaaZnMog4b++QjyK8sjnWJI+8I0Ap7ZHL9mW5vBP43Y5+vioIrJQlXFubP5A6cREjpb+pcovAvE5pFNDTNNtxeppk',
    'bsTzvanx/JpUrGKjAkoGuLur6f1V3RIMx5bZLRy7MInj8thtAnOBwGDznyHSxlNrdGsuhDKLa47AfCGEzjtEMGeJaP5GiHmzKGzVASUOeTsbo6',
    'sRyiVHJizKzjZAOfESzqkNUEqkwbRJo3mW0jNoqG7xIqZbDHqSTFb5eIthr0e5yne0GPYmzqdaDLuN8XrzqTa2drrF19+SoFt2Ehcqc7HufBGY',
    'pM8uxjtLYMaAu1cDUM4SKAJQDNbrFlvn1e+1GN08B2zOrD+b1JlB4u2X6VdLMHaGcVegVGGxTLTpFqZajBIRjFvfw2A2V0K6ZT+2FBeTlb6GYZ',
    'OAeSrOZBOePmNNOBenVLGT8oVpoJPlYS4klxeOXZ5g+Rij9FuF0jNzZMXLK1CdW/M9SqMfUxqt9JH+iNLor0Qwe8N6c4nAlKr7Tdz4AaXRzQo2',
    'b8beLqXn+eSh0UKy9+Dgc+yHZF/ucHLwUH8/WDM5cBgQ2siOLbw+zM9T2sPO931KhwF8RSn9pFKHvqGUTgG4SCmddp1h4e00pCNPCW3hGNr5+Z',
    '+apzTMjuerEb1djWB3RG/vboygK9QTYT7tvI4XFyidYHZdkeFPI58t2zMWFl9v/OXn68yUj5FnSCmVXPXsOGMopUGXrFipnX/dp7TVVy/383rt',
    '1L57vO3UUJ23G3m7g2MI3nrm1Ea5fqnuu/UrOTrXUpTjBhH/Czn3TS2SnTgSo/lRraCpvUjk1dE8En1HB0ePDiyiVkCikOtXE8P9GhJa7oiGRG',
    'GoT9VUJHL5zBsFdSCXyfcVllpVP3XgYBaJN4e06q/q/F8pxHMm+vLo4AYuF333qpP35bwP0ZdnB4+48iq4/J18Ps51om/fONjxkPvTTat5LN2+',
    'feBgqyv+8EPGf9r1JnHnz8EtNe55hzb5/IdFL/7k25eSz38r99/m7K+AFzfVmL+D2znvDFPrfVNr/D0+/4mAF8d99kFfex+fO4H/XeZ9jxGfv7',
    'OOr/neRCl+7lP1Dx8v6MOMz9+pGzL3jz/Cv9Z77AD3zz9i//0Dpv0iH0gLAAA=',
  ],
};

const INSIDE = '/opt/coxswain/lib/rename-folder.so';

/** What a command in an overlay needs to rename folders; empty on an architecture without a library. */
export interface RenameSupport {
  binds: Bind[];
  env: Record<string, string>;
}

/** Puts the library for this machine under `stateDir`. */
export async function prepareRenameLibrary(stateDir: string): Promise<RenameSupport> {
  const text = LIBRARIES[process.arch]?.join('');
  if (text === undefined) return { binds: [], env: {} };
  const source = join(stateDir, 'lib', `rename-folder-${digestOf(text).slice(0, 10)}.so`);
  if (!existsSync(source)) {
    await mkdir(join(stateDir, 'lib'), { recursive: true });
    const fresh = `${source}-${process.pid}`;
    await writeFile(fresh, gunzipSync(Buffer.from(text, 'base64')), { mode: 0o755 });
    await rename(fresh, source);
  }
  // Without this, AddressSanitizer refuses to start after a preloaded library that it does not know.
  const env = { LD_PRELOAD: INSIDE, ASAN_OPTIONS: 'verify_asan_link_order=0' };
  return { binds: [{ source, target: INSIDE }], env };
}
