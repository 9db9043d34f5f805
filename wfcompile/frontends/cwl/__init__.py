"""The CWL front end. Source of the semantics: the CWL standards v1.0 to v1.2 and cwltool, which reads the documents."""
