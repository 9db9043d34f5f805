"""The yadage front end. Source of the semantics: yadage 0.21, packtivity 0.17, yadage-schemas 0.11."""
