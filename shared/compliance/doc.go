// Package compliance is the rules of consumer law that the shop keeps by itself, as pure functions with a table test
// for each. It is an engineering reading of the sources it cites and no legal advice.
package compliance
