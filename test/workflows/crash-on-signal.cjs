/** Makes a program of ours crash when it gets SIGUSR2: an error that nothing catches. For NODE_OPTIONS=--require. */
process.on('SIGUSR2', () => {
  throw new Error('crashed on purpose');
});
