'use strict';

var tidewater = require('..');

var henley = tidewater.stations.find('henley');
console.log(tidewater.format('henley', 6, tidewater.predict(henley, 6)));
