/** Types for picomatch's entry without Node's path module; the same function as the package's main one. */
declare module 'picomatch/posix.js' {
  import picomatch from 'picomatch';
  export default picomatch;
}
