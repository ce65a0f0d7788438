package server

// BreakFile makes every further write of the state fail, as on a full disk.
func BreakFile(s *Server) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.file.Close()
}
