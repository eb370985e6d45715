'use strict';

var path = require('node:path');
var fs = require('node:fs');

var FILE = path.join(__dirname, '..', 'data', 'stations.json');

exports.all = function all() {
  return JSON.parse(fs.readFileSync(FILE, 'utf8'));
};

exports.find = function find(name) {
  return exports.all().filter(function (station) {
    return station.name === name;
  })[0];
};
