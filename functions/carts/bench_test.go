package carts_test

import "testing"

// BenchmarkAdd is a guest's add through the Lambda handler and the real engine, the cache warm.
func BenchmarkAdd(b *testing.B) {
	shop := newBench(b)
	soap := shop.sell(9000, 10)
	path, guest := shop.begin()
	line := lineOf(soap, 1)
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		if n++; n%900 == 0 { // a line holds 999
			path, guest = shop.begin()
		}
		guest.Do("POST", path+"/lines", line).Want(200)
	}
}

// BenchmarkRead is a guest's read of a cart with one line.
func BenchmarkRead(b *testing.B) {
	shop := newBench(b)
	path, guest := shop.begin()
	guest.Do("POST", path+"/lines", lineOf(shop.sell(9000, 10), 1)).Want(200)
	b.ReportAllocs()
	for b.Loop() {
		guest.Do("GET", path, nil).Want(200)
	}
}
