// Package checks holds the rules that the whole tree keeps, as tests: which package may import which, that every
// package says what it is for, that every function comes with its bootstrap, its tests and its sample events.
package checks
