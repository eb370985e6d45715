#!/usr/bin/env node
'use strict';

var tidewater = require('..');

var station = tidewater.stations.find(process.argv[2] || 'putney');
for (var hours = 0; hours <= 12; hours += 3) {
  console.log(tidewater.format(station.name, hours, tidewater.predict(station, hours)));
}
