'use strict';

var test = require('node:test');
var assert = require('node:assert');
var predict = require('../lib/predict');
var stations = require('../lib/stations');

test('a tide stays within the sum of its parts', function () {
  var putney = stations.find('putney');
  for (var hours = 0; hours < 48; hours++) {
    var height = predict(putney, hours);
    assert(height >= 0.4 && height <= 4.4, String(height));
  }
});

test('a station without a mean is refused', function () {
  assert.throws(function () {
    predict({ parts: {} }, 0);
  }, /mean height/);
});
