'use strict';

var angles = require('./angles');

// Speeds in degrees an hour.
var SPEEDS = { M2: 28.984, S2: 30, K1: 15.041, O1: 13.943 };

exports.names = Object.keys(SPEEDS);

exports.heightOf = function heightOf(name, amplitude, phase, hours) {
  var turned = angles.normalise(SPEEDS[name] * hours - phase);
  return amplitude * Math.cos(angles.toRadians(turned));
};
