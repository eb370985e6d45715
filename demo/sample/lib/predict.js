'use strict';

var constituents = require('./constituents');
var validate = require('./validate');

module.exports = function predict(station, hours) {
  validate.station(station);
  return constituents.names.reduce(function (height, name) {
    var part = station.parts[name];
    return part ? height + constituents.heightOf(name, part.amplitude, part.phase, hours) : height;
  }, station.mean);
};
