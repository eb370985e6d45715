'use strict';

var util = require('node:util');

module.exports = function format(name, hours, height) {
  return util.format('%s +%dh %s m', name, hours, height.toFixed(2));
};
