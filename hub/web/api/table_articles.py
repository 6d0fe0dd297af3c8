"""The lines of the route table for the knowledge base (hub.web.api.table)."""

from hub.model.people import Scope
from hub.web.api import articles
from hub.web.api.operations import Operation

_READ, _WRITE = (Scope.READ,), (Scope.WRITE,)

ARTICLES: tuple[Operation, ...] = (
    Operation(
        name="listArticles",
        method="GET",
        path="/articles",
        scopes=_READ,
        summary="Articles of the knowledge base, last changed first, or the best first for a search",
        summary_zh="知识库文章列表，最近修改的在前；搜索时最相关的在前",
        description="Drafts and internal articles too: a key that reads stands where colleagues stand. For customers there is "
        "`/help/suggest?q=…&lang=…`, without a key, with what is public alone.",
        handler=articles.list_articles,
        query=articles.ArticlesQuery,
        answers={200: articles.ArticlePage},
    ),
    Operation(
        name="postArticle",
        method="POST",
        path="/articles",
        scopes=_WRITE,
        summary="Write an article, as a draft or published at once",
        summary_zh="新建文章，可存为草稿或直接发布",
        handler=articles.post_article,
        body=articles.NewArticle,
        idempotent=True,
        answers={201: articles.ArticleAnswer},
    ),
    Operation(
        name="listArticleCategories",
        method="GET",
        path="/articles/categories",
        scopes=_READ,
        summary="Categories of articles, in their order",
        summary_zh="文章分类，按显示顺序排列",
        handler=articles.get_categories,
        answers={200: articles.CategoryList},
    ),
    Operation(
        name="getArticle",
        method="GET",
        path="/articles/{id}",
        scopes=_READ,
        summary="One article in every language, as it is being written",
        summary_zh="单篇文章的各语言内容（编写中的版本）",
        handler=articles.get_article,
        answers={200: articles.ArticleAnswer},
    ),
    Operation(
        name="putArticle",
        method="PUT",
        path="/articles/{id}",
        scopes=_WRITE,
        summary="Who reads the article, where it stands, its tags, whether it is archived",
        summary_zh="修改文章的阅读范围、分类、标签及归档状态",
        handler=articles.put_article,
        body=articles.ArticleChange,
        answers={200: articles.ArticleAnswer},
    ),
    Operation(
        name="putArticleText",
        method="PUT",
        path="/articles/{id}/texts/{language}",
        scopes=_WRITE,
        summary="Write one language of the article, and publish it where that is asked for",
        summary_zh="编写文章的一种语言版本，可同时发布",
        handler=articles.put_text,
        body=articles.ArticleTextChange,
        answers={200: articles.ArticleAnswer},
    ),
    Operation(
        name="withdrawArticleText",
        method="DELETE",
        path="/articles/{id}/texts/{language}",
        scopes=_WRITE,
        summary="Let nobody read one language of the article any more; its text stays as a draft",
        summary_zh="撤下文章的一种语言版本，内容保留为草稿",
        handler=articles.delete_text,
        answers={204: None},
    ),
)
