'use strict';

var assert = require('node:assert');

exports.station = function station(value) {
  assert(value && typeof value.mean === 'number', 'a station has a mean height in metres');
  assert(value.parts, 'a station has parts');
};
