#!/usr/bin/env node
// The door of the command line. Written in what every Node can read; no import(), which Node 8 cannot read even where it is
// never run.
'use strict'

if (require('./ready.cjs')(false)) require('./run.cjs')
