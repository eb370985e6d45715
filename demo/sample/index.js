'use strict';

var predict = require('./lib/predict');
var stations = require('./lib/stations');
var format = require('./lib/format');

module.exports = { predict: predict, stations: stations, format: format };
