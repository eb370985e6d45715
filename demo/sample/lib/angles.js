'use strict';

var FULL_TURN = 360;

exports.normalise = function normalise(degrees) {
  return ((degrees % FULL_TURN) + FULL_TURN) % FULL_TURN;
};

exports.toRadians = function toRadians(degrees) {
  return (degrees * Math.PI) / 180;
};
