/**
 * Who stands on a commit: a name and an address.
 * Rule: commits that no person made are Coxswain's, unless the configuration names somebody else.
 */

/** As git has them. */
export interface Person {
  name: string;
  email: string;
}

/** Author and committer of commits that no person made. */
export const COXSWAIN: Person = { name: 'Coxswain', email: 'coxswain@localhost' };

/** Names and addresses in which git changes nothing: no brackets, no line breaks, no punctuation at their ends. */
const PLAIN_NAME = /^(?![\s.,:;"'\\])[^<>\p{Cc}]*(?<![\s.,:;"'\\])$/u;

/** Whether git writes name and address as they are. */
export function isPlainPerson({ name, email }: Person): boolean {
  return PLAIN_NAME.test(name) && PLAIN_NAME.test(email) && name !== '' && email !== '';
}

/** The variables by which git takes a commit's author and committer. */
export function namePersons(author: Person, committer: Person): Record<string, string> {
  return {
    GIT_AUTHOR_NAME: author.name,
    GIT_AUTHOR_EMAIL: author.email,
    GIT_COMMITTER_NAME: committer.name,
    GIT_COMMITTER_EMAIL: committer.email,
  };
}
