package archive

// sampleTable is the columns of runtime.parquet.
var sampleTable = newTable("sample", []column[Sample]{
	integers("time", func(s *Sample) *int64 { return &s.Time }),
	nonzero("start_time", func(s *Sample) *int64 { return &s.Start }),
	words("service_name", func(s *Sample) *string { return &s.Service }),
	words("service_namespace", func(s *Sample) *string { return &s.Namespace }),
	words("service_instance_id", func(s *Sample) *string { return &s.Instance }),
	words("metric_name", func(s *Sample) *string { return &s.Name }),
	words("metric_unit", func(s *Sample) *string { return &s.Unit }),
	words("attributes", func(s *Sample) *string { return &s.Attributes }),
	words("metric_kind", func(s *Sample) *string { return &s.Kind }),
	doubles("value", func(s *Sample) *float64 { return &s.Value }),
	integers("count", func(s *Sample) *int64 { return &s.Count }),
	doubleLists("bounds", func(s *Sample) *[]float64 { return &s.Bounds }),
	lists("buckets", func(s *Sample) *[]int64 { return &s.Buckets }),
})

// lineTable is the columns of logs.parquet.
var lineTable = newTable("line", []column[Line]{
	integers("time", func(l *Line) *int64 { return &l.Time }),
	flags("request", func(l *Line) *bool { return &l.Request }),
	integers(ColumnAttackIndex, func(l *Line) *int { return &l.AttackIndex }),
	integers(ColumnSeq, func(l *Line) *uint64 { return &l.Seq }),
	distinct("trace_id", func(l *Line) *string { return &l.TraceID }),
	distinct("span_id", func(l *Line) *string { return &l.SpanID }),
	words("service_name", func(l *Line) *string { return &l.Service }),
	words("severity_text", func(l *Line) *string { return &l.Severity }),
	distinct("body", func(l *Line) *string { return &l.Body }),
	flags("body_cut", func(l *Line) *bool { return &l.BodyCut }),
})

// SampleColumns are the names of the columns of runtime.parquet, in their order.
func SampleColumns() []string { return sampleTable.names() }

// LineColumns are the names of the columns of logs.parquet, in their order.
func LineColumns() []string { return lineTable.names() }
