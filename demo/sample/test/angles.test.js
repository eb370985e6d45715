'use strict';

var test = require('node:test');
var assert = require('node:assert');
var angles = require('../lib/angles');

test('angles stay within one turn', function () {
  assert.strictEqual(angles.normalise(-30), 330);
  assert.strictEqual(angles.normalise(720), 0);
});
