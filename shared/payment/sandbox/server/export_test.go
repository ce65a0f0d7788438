package server

// BreakFile makes every further write of the state fail, as on a full disk.
func BreakFile(s *Server) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.file.Close()
}

// OutcomesInMemory is how many outcomes of keys the server keeps in memory.
func OutcomesInMemory(s *Server) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.ops {
		if k.inMemory != nil {
			n++
		}
	}
	return n
}
