'use strict';

var test = require('node:test');
var assert = require('node:assert');
var tidewater = require('..');

test('heights have two digits', function () {
  assert.strictEqual(tidewater.format('putney', 3, 1.5), 'putney +3h 1.50 m');
});
